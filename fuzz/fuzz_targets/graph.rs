//! A graph in any format: reading it returns a network or an error, and a network comes back from what it is written as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_sim::network::formats::{GraphFormat, Ports, read, to_dot, write};

fuzz_target!(|bytes: &[u8]| {
    // The first line may name ports, so that formats without them are read to the end.
    let (ports, bytes) = match bytes.split_first() {
        Some((b'!', rest)) => {
            let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            (Ports { inputs: list(&["0", "a"][..1]), outputs: list(&["1"]) }, rest)
        }
        _ => (Ports::default(), bytes),
    };
    let Ok(graph) = read(bytes, &ports) else { return };
    let network = graph.network;
    for format in [GraphFormat::Toml, GraphFormat::Json, GraphFormat::NodeLink, GraphFormat::GraphMl] {
        let Some(text) = write(format, &network) else { continue };
        let again = read(text.as_bytes(), &Ports::default()).map(|graph| graph.network.digest());
        assert_eq!(again, Ok(network.digest()), "{text}");
    }
    let _ = to_dot(&network, None);
});
