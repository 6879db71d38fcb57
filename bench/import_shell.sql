-- What the sqlite3 shell does in the import benchmark: the same file into the same tables with the
-- same indexes, as plainly as it can be written. %(extension)s and %(file)s are filled in.
.load %(extension)s
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA temp_store = FILE;
.import --csv --schema temp %(file)s raw
BEGIN IMMEDIATE;
INSERT INTO unit (source, source_id, uscc, name, address, region, district, category, risk, credit,
                  is_key, cell, match_key, legal_person, phone, longitude, latitude, created_us,
                  changed_us)
    SELECT 来源系统, 来源编号, 统一社会信用代码, 单位名称, 地址, 区划代码, CAST(区划代码 AS INTEGER),
           category_id(类别), risk_id(风险等级), 0, 重点单位 = '是',
           category_id(类别) * 50 + risk_id(风险等级) * 10 + (重点单位 = '是'),
           unit_match_key(单位名称, 地址), 法定代表人, 电话, CAST(经度 AS REAL), CAST(纬度 AS REAL),
           1795338000000000, 1795338000000000
    FROM temp.raw;
INSERT INTO unit_search (rowid, grams)
    SELECT id, unit_grams(name, address, uscc, district, category, risk, credit, is_key) FROM unit;
INSERT INTO unit_count (scope, cell, n)
    SELECT district / 10000, cell, count(*) FROM unit GROUP BY 1, 2
    UNION ALL SELECT district / 100, cell, count(*) FROM unit GROUP BY 1, 2
    UNION ALL SELECT district, cell, count(*) FROM unit GROUP BY 1, 2;
COMMIT;
