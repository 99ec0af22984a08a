//! Arrays of NumPy and IDX files hold any bytes: reading them returns what they hold or an error, and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wheatstone_learn::data::arrays::{Values, parse_npy};
use wheatstone_learn::data::idx::{parse_images, parse_labels};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(array) = parse_npy("fuzz.npy", bytes) {
        let elements = match &array.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Texts(texts) => texts.len(),
        };
        assert_eq!(elements, array.shape.iter().product::<usize>());
    }
    if let Ok(images) = parse_images("fuzz", bytes) {
        assert_eq!(images.pixels.len(), images.count * images.rows * images.columns);
    }
    let _ = parse_labels("fuzz", bytes);
});
