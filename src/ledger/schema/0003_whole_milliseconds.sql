-- The bytes of an entry tell its time in milliseconds. What the columns told below that stood nowhere
-- else, so nobody could see whether it was changed: it goes, and what comes is whole milliseconds.
UPDATE ledger_entry SET time_us = time_us - time_us % 1000 WHERE time_us % 1000 <> 0;
UPDATE ledger_signed SET time_us = time_us - time_us % 1000 WHERE time_us % 1000 <> 0;
UPDATE ledger_state SET time_us = time_us - time_us % 1000 WHERE time_us % 1000 <> 0;
