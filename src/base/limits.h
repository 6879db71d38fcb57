/*
 * Every size that comes from outside is limited before memory is taken. One line and a reason each.
 */
#pragma once

#define KIB 1024
#define MIB (1024 * KIB)

/* web */
#define LIMIT_CONNECTIONS 24000 /* 10,000 idle + 10,000 SSE (the target) and room */
#define LIMIT_CONNECTION_MEMORY (8 * KIB) /* per connection; also bounds the request head */
#define LIMIT_URI (4 * KIB)        /* longest request target; our longest filter is < 1 KiB */
#define LIMIT_HEADERS 64           /* header lines in a request; browsers send about 20 */
#define LIMIT_FORM_BODY (64 * KIB) /* ordinary form */
#define LIMIT_FORM_FIELDS 512      /* fields in one form; a mapping of 200 columns fits */
#define LIMIT_FIELD (16 * KIB)     /* one form field's value */
#define LIMIT_PART_HEAD (4 * KIB)  /* header lines of one multipart part */
#define LIMIT_UPLOAD_FILES 48      /* files in one form; two fields of evidence take 40 */
#define LIMIT_UPLOAD (INT64_C(512) * MIB) /* an import file: 1,000,000 units are about 200 MB */
#define LIMIT_REQUEST_QUEUE 2048          /* requests waiting for a worker; beyond it 503 */
#define LIMIT_EVENT_BACKLOG (64 * KIB)    /* bytes queued for one slow SSE reader, then it is cut */
#define LIMIT_COMPRESS (8 * MIB)          /* larger bodies go out as they are */
#define LIMIT_LINGER 64                   /* refused clients whose last bytes are being dropped */
#define LIMIT_LINGER_S 2                  /* seconds each of them gets */
#define LIMIT_LINGER_BYTES (16 * MIB)     /* and bytes */
#define LIMIT_EVENTS_QUEUE 4096           /* published events on their way to the loop */
#define LIMIT_BODY_RATE KIB               /* bytes a second below which an old upload is cut */

/* templates (ours, but a mistake in one must not stop a worker) */
#define LIMIT_TEMPLATE_SOURCE (256 * KIB) /* one view; the largest has about 10 KiB */
#define LIMIT_TEMPLATE_DEPTH 100          /* sections, partials, parents inside each other */
#define LIMIT_TEMPLATE_DELIMITER 8        /* bytes of a delimiter set by {{=<% %>=}} */
#define LIMIT_TEMPLATE_STEPS 2000000      /* nodes in one rendering; a list of 50 rows is 3,000 */
#define LIMIT_TEMPLATE_OUTPUT (8 * MIB)   /* one page */

/* tables */
#define LIMIT_TABLE_COLUMNS 256     /* columns in an imported table */
#define LIMIT_TABLE_CELL (32 * KIB) /* bytes in one cell; XLSX itself allows 32,767 characters */
#define LIMIT_TABLE_ROWS INT64_C(5000000)         /* rows in one file */
#define LIMIT_XLSX_UNPACKED (INT64_C(2048) * MIB) /* all parts unpacked; a zip bomb stops here */
#define LIMIT_XLSX_RATIO 200                      /* unpacked / packed; real sheets stay under 30 */
#define LIMIT_XLSX_SHARED_STRINGS (64 * MIB)      /* kept in memory while reading */

/* lists */
#define LIMIT_PAGE_ROWS 50       /* rows on one page of a list */
#define LIMIT_SEARCH_TEXT 200    /* bytes of a search phrase */
#define LIMIT_DIRECT_EXPORT 2000 /* more rows become a background job */

/* alarms */
#define LIMIT_ALARM_EXPORT 20000 /* rows of one file; a district has about 100 a day */

/* ledger */
#define LIMIT_LEDGER_ENTRY 65535       /* evidence.md A4: entry bundles carry a 16-bit length */
#define LIMIT_LEDGER_PAYLOAD (4 * MIB) /* body kept beside the entry */

/* evidence */
#define LIMIT_FILE (20 * MIB) /* one file; a photo of 48 megapixels has 15 MB */
#define LIMIT_FORM_FILES 20   /* files in one form; what law/ asks for at most */
#define LIMIT_REPORT_BODY                                                                          \
    (INT64_C(6) * LIMIT_FILE + LIMIT_FORM_BODY) /* of somebody not signed in */
#define LIMIT_RECORD_BODY                                                                          \
    (INT64_C(3) * LIMIT_FILE + LIMIT_FORM_BODY) /* of a building's own people */
#define LIMIT_FILE_PART MIB /* one row of a stored file: few rows, little memory */
#define LIMIT_FILE_NAME 200 /* bytes of a file's name; file systems stop at 255 */
#define LIMIT_FILES_WAITING (INT64_C(1024) * MIB) /* of one account, uploaded but in no act yet */
#define LIMIT_JPEG_MEMORY (192 * MIB) /* for one public copy; 48 megapixels take 144 MiB */

/* overview */
#define LIMIT_WALL_SILENCE_S 600 /* nothing was heard: the wall says so; a heartbeat is 60 s */

/* devices */
#define LIMIT_DEVICES 200000        /* known to one ingest; a city has 47,500 high-rises */
#define LIMIT_DEVICE_POINTS 20000   /* of one registered device; a large panel has some thousands */
#define LIMIT_LEARNED_POINTS 1000   /* of one that nobody registered, which may be hostile */
#define LIMIT_LEARNED_DEVICES 10000 /* that nobody registered; hostile ones invent addresses */
#define LIMIT_LEARNED_POINTS_ALL 50000 /* of all of them: 200 MB of samples a day at most */
#define LIMIT_LEARNED_EDGES 1000       /* rows an hour of one of them, which may flap on purpose */
#define LIMIT_LEARNED_EDGES_ALL 20000  /* of all of them: 80 MB a day at most */
#define LIMIT_LEARNED_SAMPLES_ALL 2000000 /* and samples: a heartbeat of each needs 600,000 */
#define LIMIT_POINT_VALUES 16             /* kinds of values of a point that are judged */
#define LIMIT_REFUSED_KEPT 10000       /* messages that never can be stored, for whoever mends it */
#define LIMIT_DEVICE_CONNECTIONS 60000 /* 50,000 (the target) and room */
#define LIMIT_DEVICE_PEERS 60000       /* senders of datagrams; then the longest silent goes */
#define LIMIT_DEVICE_PER_ADDRESS 512   /* connections from one address; mobile nets share some */
#define LIMIT_DEVICE_RATE_SHARE 4      /* frames a second of an address for each of these */
#define LIMIT_DEVICE_UNPROVEN 20000    /* connections without a good frame; then the oldest goes */
#define LIMIT_DEVICE_FRAME_S 30        /* seconds for the rest of a frame that has begun */
#define LIMIT_DEVICE_IDLE_S 7200       /* silent connections end; patrols are due within 2 h */
#define LIMIT_DEVICE_PEER_S 600        /* the same for senders of datagrams */
#define LIMIT_DEVICE_GARBAGE (16 * KIB) /* bytes that are no frame between two good frames */
#define LIMIT_DEVICE_RATE 500           /* frames a second that one connection may keep up */
#define LIMIT_DEVICE_BURST 2000         /* frames above it at once; a panel tells all its points */
#define LIMIT_DEVICE_BOX 64       /* devices that one connection speaks for and can be asked */
#define LIMIT_DEVICE_QUESTIONS 16 /* waiting for a device that has not answered the one before */
#define LIMIT_DEVICE_BACKLOG (16 * KIB) /* bytes of confirmations that a device does not take */
#define LIMIT_DEVICE_BATCH 1024         /* frames stored in one transaction by a network thread */
#define LIMIT_DEVICE_BATCH_MS 3         /* milliseconds a frame waits for others */
#define LIMIT_INGEST_QUEUE 64           /* batches and calls waiting for ingest */
#define LIMIT_DEVICE_COMMANDS 100       /* commands handed to the gateway at once */

#define LIMIT_TELEMETRY_BODY (64 * KIB) /* JSON of one sensor; a day of minutes has 40 KiB */
#define LIMIT_TELEMETRY_READINGS 2000   /* values in it */
#define LIMIT_TELEMETRY_RATE 120        /* messages a minute of one sensor by HTTP */
#define LIMIT_TELEMETRY_REFUSALS 20     /* wrong keys a minute of one address; more leave no mark */
#define LIMIT_MQTT_PAYLOAD (256 * KIB)  /* one publication; a gateway speaks for many sensors */
#define LIMIT_MQTT_DEVICES 500          /* devices in it */
#define LIMIT_MQTT_BATCH 256            /* publications stored together, then acknowledged */

/* samples */
#define LIMIT_PACK_ARRAYS 600000       /* hourly arrays merged in one transaction: about 150 MB */
#define LIMIT_PACK_ARRAYS_SQLITE 40000 /* there nobody else writes meanwhile: about 0.3 s */
#define LIMIT_PACK_ROWS 20000          /* journal rows in it; one holds what 5 ms brought */
#define LIMIT_PACK_ROWS_SQLITE 1000

/* store */
#define LIMIT_DB_VALUE (256 * MIB) /* one text or blob; PostgreSQL itself stops at 1 GiB */

/* devices */
#define LIMIT_FRAME_LINE MIB /* a line of hex or JSON for `huozheng frame`; a frame has 2 KiB */
