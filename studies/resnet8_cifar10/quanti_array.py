quanti_array = [
    'original',  # 0 conv2d
    'fl16',      # 1 conv2d_1
    'fl16',      # 2 conv2d_2
    'int8c',     # 3 conv2d_3
    'int8c',     # 4 conv2d_4
    'original',  # 5 conv2d_5
    'int8c',     # 6 conv2d_6
    'int7c',     # 7 conv2d_7
    'int8c',     # 8 conv2d_8
    'original',  # 9 dense
]
