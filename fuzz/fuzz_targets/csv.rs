//! A user's CSV file holds any bytes: reading it returns a data set or an error, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone::data::read_csv_bytes;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_csv_bytes(bytes);
});
