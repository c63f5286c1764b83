quanti_array = [
    'fl16',   # 0 conv2d
    'int7c',  # 1 conv2d_1
    'int8c',  # 2 conv2d_2
    'int7c',  # 3 conv2d_3
    'int7c',  # 4 conv2d_4
    'int6c',  # 5 conv2d_5
    'int7c',  # 6 conv2d_6
    'int6c',  # 7 conv2d_7
    'int6c',  # 8 conv2d_8
    'int8c',  # 9 dense
]
