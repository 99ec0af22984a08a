//! A file of delays holds any bytes: reading it returns delays or an error, and never panics; what was read, written and
//! read again is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_flow::sdf::Sdf;

fuzz_target!(|text: &str| {
    let Ok(mut sdf) = Sdf::parse(text) else { return };
    // Header and types have no escapes: what they cannot hold is not compared.
    sdf.design.clear();
    for cell in &mut sdf.cells {
        cell.kind.retain(|c| c.is_ascii_alphanumeric());
    }
    assert_eq!(Sdf::parse(&sdf.to_string()).as_ref(), Ok(&sdf));
});
