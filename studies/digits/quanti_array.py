quanti_array = [
    'fl16',           # 0 block1_conv1
    'bitwiseAnd_19',  # 1 block1_conv2
    'bitwiseAnd_19',  # 2 block2_conv1
    'bitwiseAnd_19',  # 3 block2_conv2
    'bitwiseAnd_19',  # 4 fc1
    'fl16',           # 5 predictions
]
