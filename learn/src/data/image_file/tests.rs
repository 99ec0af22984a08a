//! Small pictures in every format that is read. The grey values of the colours are those of the crate `image` 0.25.

use super::*;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Image, ImageFileError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Image::read(file.path())
}

/// Grey values as the bytes they were rounded to.
fn grey_bytes(bytes: &[u8]) -> Vec<f64> {
    read(bytes).unwrap().grey().iter().map(|grey| (grey * 255.0 * 1e6).round() / 1e6).collect()
}

#[test]
fn the_same_picture_in_every_portable_format() {
    let header = |text: &str, bytes: &[u8]| [text.as_bytes(), bytes].concat();
    let white_and_black = [255.0, 0.0, 0.0, 255.0];
    for file in [
        header("P1 # a comment\n2 2\n0 1\n10", &[]),
        header("P4\n2 2\n", &[0b0100_0000, 0b1011_1111]),
        header("P2\n2 # columns\n2\n7\n7 0 0 7", &[]),
        header("P3 2 2 255 255 255 255 0 0 0 0 0 0 255 255 255\n", &[]),
        header("P5\n2 2\n255\n", &[255, 0, 0, 255]),
        header("P5 2 2 65535 ", &[255, 255, 0, 0, 0, 0, 255, 255]),
        header("P6\n2 2\n255\n", &[255, 255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255]),
        header(
            "P7\n# a comment\nWIDTH 2\nHEIGHT 2\nDEPTH 2\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE_ALPHA\nENDHDR\n",
            &[1, 1, 0, 1, 0, 1, 1, 1],
        ),
    ] {
        assert_eq!(grey_bytes(&file), white_and_black, "{:?}", String::from_utf8_lossy(&file));
    }
    // Samples are scaled to all of their 8 or 16 bits, and rounded.
    assert_eq!(grey_bytes(b"P5 2 1 100 \x32\x63"), [128.0, 252.0]);
    let wide = read(b"P2 1 1 1000 500").unwrap().grey();
    assert_eq!(wide, [32768.0 / 65535.0]);
}

#[test]
fn what_is_no_picture_is_refused_with_what_is_wrong() {
    for (file, wrong) in [
        (&b"P5\n2 2\n255\n\x00"[..], "ends too early"),
        (b"P5\n2 2\n", "ends too early"),
        (b"P2\n2 2\n255\n1 2 3 x", "a number"),
        (b"P2\n2 2\n255\n1 2 3 256", "above 255"),
        (b"P1\n2 1\n0 2", "0 and 1"),
        (b"P5\n1 1\n0\n\x00", "1..=65535"),
        (b"P5\n1 1\n65536\n\x00", "1..=65535"),
        (b"P6\n99999 99999\n255\n", "99999x99999"),
        (b"P7\nWIDTH 1\n", "ends too early"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\n", "MAXVAL"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 9\nENDHDR\n", "1..=4"),
        (b"P8\n1 1\n", "no PNG"),
        (b"GIF89a", "no PNG"),
        (b"", "no PNG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
    ] {
        let error = read(file).map(|image| image.grey()).unwrap_err().to_string();
        assert!(error.contains(wrong), "{:?}: {error}", String::from_utf8_lossy(file));
    }
}

#[test]
fn colours_become_the_grey_values_they_always_had() {
    let colours = [9, 90, 200, 255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 254, 253, 7];
    let picture = [b"P6 3 2 255\n".as_slice(), &colours].concat();
    assert_eq!(grey_bytes(&picture), [81.0, 54.0, 182.0, 18.0, 2.0, 235.0]);
    let picture = read(&picture).unwrap();
    assert!(picture.is_coloured() && picture.transparent_pixels() == 0);
    // 24x16 pixels with chroma of half the resolution.
    let photograph = include_bytes!("../../../tests/cases/colours.jpg");
    let grey = grey_bytes(photograph);
    assert_eq!(grey[..12], [7.0, 9.0, 11.0, 16.0, 19.0, 19.0, 26.0, 25.0, 26.0, 30.0, 31.0, 34.0]);
    assert_eq!((grey.len(), grey.iter().sum::<f64>()), (384, 42881.0));
}

proptest! {
    /// Whatever follows the first bytes, an image has as many grey values as pixels, between 0 and 1.
    #[test]
    fn any_bytes_are_read_or_refused(
        kind in 0usize..10,
        header in prop::option::of((0u32..20, 0u32..20, prop_oneof![0u32..300, 0u32..70_000])),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), b'0'..=b'9', Just(b' '), Just(b'\n')], 0..600),
    ) {
        let first: [&[u8]; 10] =
            [b"P0", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"];
        let header = header.map(|(width, height, full)| match kind {
            7 => format!("\nWIDTH {width}\nHEIGHT {height}\nDEPTH {}\nMAXVAL {full}\nENDHDR\n", 1 + width % 4),
            1 | 4 => format!(" {width} {height}\n"),
            _ => format!(" {width} {height} {full}\n"),
        });
        let file = [first[kind], header.unwrap_or_default().as_bytes(), &bytes].concat();
        if let Ok(image) = read(&file) {
            let grey = image.grey();
            prop_assert_eq!(grey.len(), image.width * image.height);
            prop_assert!(grey.iter().all(|grey| (0.0..=1.0).contains(grey)));
        }
    }
}
