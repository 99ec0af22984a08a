//! A network file holds any text: reading it returns a network or an error, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_sim::Network;

fuzz_target!(|text: &str| {
    let _ = Network::from_toml(text);
    let _ = Network::from_json(text);
});
