//! A checkpoint holds any bytes: reading it returns a checkpoint or an error, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_sim::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::from_bytes(bytes);
});
