quanti_array = [
    'fl16',   # 0 conv2d
    'fl16',   # 1 conv2d_1
    'int8c',  # 2 conv2d_2
    'int8c',  # 3 conv2d_3
    'int8c',  # 4 conv2d_4
    'int8c',  # 5 conv2d_5
    'int8c',  # 6 conv2d_6
    'int6c',  # 7 conv2d_7
    'int8c',  # 8 conv2d_8
    'int8c',  # 9 dense
]
