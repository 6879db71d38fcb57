-- One line a day and district, the last count of it: what the small lines on the dashboard draw.
CREATE TABLE overview_day (
    district BIGINT NOT NULL,
    day_us BIGINT NOT NULL, -- its begin in Asia/Shanghai
    buildings BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    devices BIGINT NOT NULL,
    devices_online BIGINT NOT NULL,
    points_bad BIGINT NOT NULL,
    PRIMARY KEY (district, day_us)
);
