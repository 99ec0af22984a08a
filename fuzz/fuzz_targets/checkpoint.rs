//! A checkpoint holds any bytes: reading it returns a checkpoint or an error, and never panics. The bytes are read as
//! they are, and once more under a digest that fits, so that what lies behind the digest's check is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use wheatstone_sim::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::from_bytes(bytes);
    let body = &bytes[..bytes.len().saturating_sub(32)];
    let mut sealed = body.to_vec();
    sealed.extend(Sha256::digest(body));
    let _ = Checkpoint::from_bytes(&sealed);
});
