quanti_array = [
    'fl16',           # 0 conv1
    'fl16',           # 1 fire2_squeeze1x1
    'fl16',           # 2 fire2_expand1x1
    'bitwiseAnd_17',  # 3 fire2_expand3x3
    'fl16',           # 4 fire3_squeeze1x1
    'fl16',           # 5 fire3_expand1x1
    'fl16',           # 6 fire3_expand3x3
    'fl16',           # 7 fire4_squeeze1x1
    'fl16',           # 8 fire4_expand1x1
    'fl16',           # 9 fire4_expand3x3
    'fl16',           # 10 fire5_squeeze1x1
    'fl16',           # 11 fire5_expand1x1
    'fl16',           # 12 fire5_expand3x3
    'fl16',           # 13 fire6_squeeze1x1
    'fl16',           # 14 fire6_expand1x1
    'bitwiseAnd_17',  # 15 fire6_expand3x3
    'fl16',           # 16 fire7_squeeze1x1
    'fl16',           # 17 fire7_expand1x1
    'bitwiseAnd_18',  # 18 fire7_expand3x3
    'fl16',           # 19 fire8_squeeze1x1
    'fl16',           # 20 fire8_expand1x1
    'bitwiseAnd_18',  # 21 fire8_expand3x3
    'fl16',           # 22 fire9_squeeze1x1
    'fl16',           # 23 fire9_expand1x1
    'bitwiseAnd_18',  # 24 fire9_expand3x3
    'bitwiseAnd_17',  # 25 conv10
]
