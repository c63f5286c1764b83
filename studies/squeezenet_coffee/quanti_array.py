quanti_array = [
    'fl16',           # 0 conv1
    'bitwiseAnd_21',  # 1 fire2_squeeze1x1
    'fl16',           # 2 fire2_expand1x1
    'bitwiseAnd_18',  # 3 fire2_expand3x3
    'bitwiseAnd_16',  # 4 fire3_squeeze1x1
    'bitwiseAnd_19',  # 5 fire3_expand1x1
    'bitwiseAnd_17',  # 6 fire3_expand3x3
    'fl16',           # 7 fire4_squeeze1x1
    'fl16',           # 8 fire4_expand1x1
    'bitwiseAnd_18',  # 9 fire4_expand3x3
    'fl16',           # 10 fire5_squeeze1x1
    'bitwiseAnd_20',  # 11 fire5_expand1x1
    'bitwiseAnd_17',  # 12 fire5_expand3x3
    'fl16',           # 13 fire6_squeeze1x1
    'bitwiseAnd_18',  # 14 fire6_expand1x1
    'bitwiseAnd_20',  # 15 fire6_expand3x3
    'bitwiseAnd_19',  # 16 fire7_squeeze1x1
    'fl16',           # 17 fire7_expand1x1
    'bitwiseAnd_20',  # 18 fire7_expand3x3
    'bitwiseAnd_17',  # 19 fire8_squeeze1x1
    'bitwiseAnd_17',  # 20 fire8_expand1x1
    'fix8',           # 21 fire8_expand3x3
    'bitwiseAnd_18',  # 22 fire9_squeeze1x1
    'bitwiseAnd_20',  # 23 fire9_expand1x1
    'fix8',           # 24 fire9_expand3x3
    'bitwiseAnd_19',  # 25 conv10
]
