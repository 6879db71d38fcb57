/* What each room offers to the public list; see record.h. */
#pragma once

#include "publicity/record.h"

bool plan_records(Db *db,
                  const RecordFilter *filter,
                  int64_t before_us,
                  int64_t before_id,
                  GPtrArray *records,
                  GError **error);
bool draw_records(Db *db,
                  const RecordFilter *filter,
                  int64_t before_us,
                  int64_t before_id,
                  GPtrArray *records,
                  GError **error);
bool inspection_records(Db *db,
                        const RecordFilter *filter,
                        int64_t before_us,
                        int64_t before_id,
                        GPtrArray *records,
                        GError **error);
