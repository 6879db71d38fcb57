#!/usr/bin/env python3
"""Write a CSV of synthetic units for the import benchmark: import_city.py ROWS FILE REGIONS_FILE.

Deterministic. Names, streets and numbers are made up; codes carry a right check character and belong
to nobody (the organisation part counts upwards from zero).
"""
import csv
import sys

ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
DISTRICTS = (('500101', '万州区'), ('500102', '涪陵区'), ('500103', '渝中区'), ('500104', '大渡口区'),
             ('500106', '沙坪坝区'), ('500107', '九龙坡区'), ('500108', '南岸区'), ('500109', '北碚区'),
             ('500110', '綦江区'), ('500111', '大足区'), ('500113', '巴南区'), ('500114', '黔江区'))
STREETS = ('石桥', '半山', '朝阳', '新华', '建设', '解放', '滨江', '红岩', '桂花', '龙溪', '凤天', '长江')
FIRST = ('渝味', '山城', '巴山', '嘉陵', '两江', '金佛', '缙云', '华岩', '磁器', '南滨', '洪崖', '云篆',
         '鼎盛', '恒通', '瑞丰', '天佑', '宏远', '康泰', '祥云', '百川')
SECOND = ('老灶', '如意', '锦绣', '春晖', '明珠', '和美', '顺达', '佳诚', '永兴', '新天', '华美', '东方')
KINDS = (('饭店', '饭店'), ('宾馆', '宾馆'), ('商场', '商场'), ('医院', '医院'), ('学校', '学校'),
         ('幼儿园', '托儿所和幼儿园'), ('养老院', '养老院和福利院'), ('仓储有限公司', '仓储物流'),
         ('制造有限公司', '劳动密集型企业'), ('网吧', '公共娱乐场所'), ('便利店', '九小场所'),
         ('写字楼', '办公'))
RISKS = ('低', '一般', '较高', '高', '')


def code(number, district):
    """统一社会信用代码 (GB 32100) of a made-up organisation."""
    body = '91' + district
    digits = ''
    for _ in range(9):
        number, rest = divmod(number, 31)
        digits = ALPHABET[rest] + digits
    body += digits
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def main():
    rows, path, regions = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    with open(regions, 'w', encoding='utf-8', newline='') as file:
        out = csv.writer(file)
        out.writerow(('区划代码', '名称', '上级代码'))
        out.writerow(('50', '重庆（合成）', ''))
        out.writerow(('5001', '市辖区', '50'))
        out.writerows((code, name, '5001') for code, name in DISTRICTS)
    with open(path, 'w', encoding='utf-8', newline='') as file:
        out = csv.writer(file)
        out.writerow(('来源系统', '来源编号', '统一社会信用代码', '单位名称', '地址', '区划代码', '类别',
                      '法定代表人', '电话', '风险等级', '重点单位', '经度', '纬度'))
        for i in range(rows):
            spread = i * 2654435761 % 4294967296
            district, district_name = DISTRICTS[spread % 12]
            street = STREETS[spread // 12 % 12]
            suffix, category = KINDS[spread // 144 % 12]
            out.writerow((
                '合成', 'S%07d' % i, code(i, district),
                '%s%s%s%s%d' % (district_name[:-1], FIRST[spread // 7 % 20], SECOND[spread // 11 % 12],
                                suffix, i),
                '%s%s街道%s路%d号附%d号' % (district_name, street, STREETS[spread // 5 % 12],
                                            spread // 3 % 900 + 1, i % 1000 + 1),
                district, category, '演示%d' % (i % 500), '023%08d' % (spread % 100000000),
                RISKS[spread // 17 % 5], '是' if spread % 50 == 0 else '否',
                '%.5f' % (106 + spread % 99991 / 1e5), '%.5f' % (29 + spread // 3 % 99991 / 1e5)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
