-- Buildings around a point: the range of latitudes is read from the index alone.
CREATE INDEX building_point ON building (latitude, longitude, id) WHERE latitude IS NOT NULL;
