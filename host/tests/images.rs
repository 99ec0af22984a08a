//! Images as their publishers and other programs write them: IDX files, arrays of NumPy, folders.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::Place;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use wheatstone_learn::data::Dataset;
use wheatstone_learn::data::arrays::read_arrays;
use wheatstone_learn::data::csv::TargetKind;
use wheatstone_learn::data::idx::read_mnist;
use wheatstone_learn::data::image_folder::read_image_folder;

const LETTERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/tables/emnist");

fn npy(descr: &str, fortran: bool, shape: &[usize], body: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}), }}\n", sizes.join(" "));
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), body].concat()
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn floats(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn labels(set: &Dataset) -> Vec<usize> {
    (0..set.rows()).filter_map(|row| set.label(row)).collect()
}

fn said(set: &Dataset) -> String {
    set.summary().unwrap().to_string()
}

#[test]
fn the_letters_of_emnist_stand_upright() {
    let set = read_mnist(Path::new(LETTERS)).unwrap();
    assert!(said(&set).contains("turned upright") && said(&set).contains("letters a to z"), "{}", said(&set));
    assert!(set.test_from().is_some() && set.name() == "emnist-letters");
    // The file's pixels, row by row, are the set's column by column.
    let path = Path::new(LETTERS).join("emnist-letters-train-images-idx3-ubyte.gz");
    let mut raw = Vec::new();
    let mut unpacked = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    std::io::Read::read_to_end(&mut unpacked, &mut raw).unwrap();
    let size = |place: usize| u32::from_be_bytes(raw[place..place + 4].try_into().unwrap()) as usize;
    let (rows, columns) = (size(8), size(12));
    for image in 0..3 {
        for row in 0..rows {
            for column in 0..columns {
                let stored = f64::from(raw[16 + image * rows * columns + row * columns + column]) / 255.0;
                assert_eq!(set.row(image)[column * rows + row], stored);
            }
        }
    }
    let place = Place::new();
    let result = place.json(&format!("train --data {LETTERS} --epochs 1 --out run"));
    assert!(result["data"]["notes"][0].as_str().unwrap().contains("upright"), "{result}");
}

#[test]
fn sets_are_found_by_the_names_of_their_publishers() {
    let place = Place::new();
    let images = |count: u8| {
        let header = [0x0803u32, u32::from(count), 2, 2].map(u32::to_be_bytes).concat();
        [header, (0..count * 4).collect()].concat()
    };
    let label = |labels: &[u8]| {
        [[0x0801u32, u32::try_from(labels.len()).unwrap()].map(u32::to_be_bytes).concat(), labels.to_vec()]
            .concat()
    };
    for (prefix, test) in [("", "t10k"), ("emnist-balanced-", "test"), ("emnist-byclass-", "test")] {
        place.write(&format!("{prefix}train-images-idx3-ubyte"), images(3));
        place.write(&format!("{prefix}train-labels-idx1-ubyte"), label(&[1, 2, 1]));
        place.write(&format!("{prefix}{test}-images-idx3-ubyte"), images(2));
        place.write(&format!("{prefix}{test}-labels-idx1-ubyte"), label(&[1, 2]));
    }
    let wrong = read_mnist(&place.path("")).unwrap_err().to_string();
    assert!(
        wrong.contains("several sets") && wrong.contains("emnist-balanced-") && wrong.contains("--data"),
        "{wrong}"
    );
    let plain = read_mnist(&place.path("train-images-idx3-ubyte")).unwrap();
    let turned = read_mnist(&place.path("emnist-byclass-test-labels-idx1-ubyte")).unwrap();
    assert_eq!((plain.row(1)[1], plain.row(1)[2]), (turned.row(1)[2], turned.row(1)[1]));
    std::fs::remove_file(place.path("emnist-byclass-test-labels-idx1-ubyte")).unwrap();
    let wrong = read_mnist(&place.path("emnist-byclass-train-images-idx3-ubyte")).unwrap_err().to_string();
    assert!(wrong.contains("no emnist-byclass-test-labels-idx1-ubyte"), "{wrong}");
}

#[test]
fn arrays_of_numpy_are_read_by_their_usual_names() {
    let place = Place::new();
    let read = |name: &str, kind| read_arrays(&place.path(name), kind).unwrap();
    let x = npy("<f8", false, &[4, 2], &floats(&[0., 1., 2., 3., 4., 5., 6., 7.]));
    let turned = npy("<f8", true, &[4, 2], &floats(&[0., 2., 4., 6., 1., 3., 5., 7.]));
    let y = npy("<i8", false, &[4], &[3u64, 5, 3, 5].map(u64::to_le_bytes).concat());
    place.write("a.npz", npz(&[("X", x.clone()), ("y", y.clone())]));
    place.write("f.npz", npz(&[("data", turned), ("target", y.clone())]));
    place.write("X.npy", &x);
    place.write("y.npy", &y);
    let set = read("a.npz", TargetKind::Auto);
    assert_eq!((set.features(), set.row(2)), (&["f0", "f1"].map(str::to_owned)[..], &[4.0, 5.0][..]));
    assert_eq!((set.targets().names(), labels(&set)), (&["3", "5"].map(str::to_owned)[..], vec![0, 1, 0, 1]));
    for other in ["f.npz", "X.npy", ""] {
        let other = read(other, TargetKind::Auto);
        assert_eq!((other.row(2), labels(&other)), (set.row(2), labels(&set)));
    }
    assert_eq!(read("a.npz", TargetKind::Regression).target_values(1), Some(&[5.0][..]));

    // As Keras keeps MNIST.
    let pixels = |count: u8| npy("|u1", false, &[count.into(), 2, 2], &(0..count * 4).collect::<Vec<_>>());
    let digits = |digits: &[u8]| npy("|u1", false, &[digits.len()], digits);
    let four = [
        ("x_train", pixels(4)),
        ("y_train", digits(&[1, 0, 1, 0])),
        ("x_test", pixels(2)),
        ("y_test", digits(&[0, 1])),
    ];
    place.write("mnist.npz", npz(&four));
    let set = read("mnist.npz", TargetKind::Auto);
    assert_eq!((set.rows(), set.test_from(), set.features()[3].as_str()), (6, Some(4), "pixel_1_1"));
    assert_eq!((set.row(1)[0], labels(&set)), (4.0 / 255.0, vec![1, 0, 1, 0, 0, 1]));
    assert!(said(&set).contains("divided by 255"));
    let hot = npy("<f4", false, &[4, 2], &[1f32, 0., 0., 1., 1., 0., 0., 1.].map(f32::to_le_bytes).concat());
    place.write("hot.npz", npz(&[("x", x.clone()), ("y", hot)]));
    assert_eq!(labels(&read("hot.npz", TargetKind::Auto)), [0, 1, 0, 1]);
    let words: Vec<u8> = "adad".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    place.write("words.npz", npz(&[("x", x.clone()), ("y", npy("<U1", false, &[4], &words))]));
    assert_eq!(read("words.npz", TargetKind::Auto).targets().names(), ["a", "d"].map(str::to_owned));

    let refused = |name: &str, bytes: Vec<u8>, parts: &[&str]| {
        place.write(name, bytes);
        let ended = place.run(&format!("train --data {name} --out run"));
        assert_eq!(ended.code, 2, "{}", ended.err);
        parts.iter().for_each(|part| assert!(ended.err.contains(part), "no {part} in {}", ended.err));
    };
    refused(
        "object.npz",
        npz(&[("x", npy("|O", false, &[4], b"\x80\x03]q")), ("y", y.clone())]),
        &["object.npz, x", "pickled"],
    );
    refused("rows.npz", npz(&[("x", x.clone()), ("y", digits(&[1, 2]))]), &["x holds 4 rows", "y 2"]);
    refused("names.npz", npz(&[("left", x.clone()), ("right", y.clone())]), &["left, right", "x_train"]);
    refused("short.npz", npz(&[("x", x[..x.len() - 9].to_vec()), ("y", y)]), &["ends at element"]);
    refused("text.npz", b"1,2\n".to_vec(), &["text.npz", "numpy.savez"]);
    // One byte of an element changed, in an archive that is not compressed.
    let whole = npz(&[("x", x.clone()), ("y", digits(&[1, 2, 1, 2]))]);
    let stored = {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let plain =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in [("x", &x), ("y", &digits(&[1, 2, 1, 2]))] {
            zip.start_file(format!("{name}.npy"), plain).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    assert!(read_whole(&place, "whole.npz", &whole) && read_whole(&place, "whole.npz", &stored));
    let body = x.len() - 64;
    let start = stored.windows(x.len()).position(|part| part == x).unwrap() + body;
    for place in [6, 30, 63] {
        let mut flipped = stored.clone();
        flipped[start + place] ^= 1;
        refused("flipped.npz", flipped, &["flipped.npz, x", "damaged", "fetch or write it again"]);
    }
    let gap = npy("<f8", false, &[4, 2], &floats(&[0., 1., 2., f64::NAN, 4., 5., 6., 7.]));
    refused("gap.npz", npz(&[("x", gap), ("y", digits(&[1, 2, 1, 2]))]), &["gap.npz", "f1", "NaN"]);
}

fn read_whole(place: &Place, name: &str, bytes: &[u8]) -> bool {
    place.write(name, bytes);
    read_arrays(&place.path(name), TargetKind::Auto).is_ok()
}

/// Writes a picture of 3x2 equal pixels.
fn write_png(path: &Path, colour: png::ColorType, depth: png::BitDepth, pixel: &[u8]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), 3, 2);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(&pixel.repeat(6)).unwrap();
}

#[test]
fn transparent_images_are_refused() {
    let place = Place::new();
    for class in ["cat", "dog"] {
        std::fs::create_dir_all(place.path(&format!("pets/{class}"))).unwrap();
    }
    let see = place.path("pets/dog/see.png");
    let save = |alpha: u8| {
        write_png(&see, png::ColorType::Rgba, png::BitDepth::Eight, &[9, 90, 200, alpha]);
    };
    write_png(&place.path("pets/cat/a.png"), png::ColorType::Grayscale, png::BitDepth::Eight, &[99]);
    save(255);
    assert_eq!(read_image_folder(&place.path("pets")).unwrap().rows(), 2, "opaque");
    for alpha in [0, 128, 254] {
        save(alpha);
        let wrong = read_image_folder(&place.path("pets")).unwrap_err().to_string();
        assert!(
            wrong.contains("see.png: 6 of its pixels are transparent") && wrong.contains("background"),
            "{wrong}"
        );
    }
    write_png(&see, png::ColorType::GrayscaleAlpha, png::BitDepth::Sixteen, &[0, 9, 255, 254]);
    assert!(read_image_folder(&place.path("pets")).is_err());
}

#[test]
fn a_folder_for_each_class() {
    let place = Place::new();
    let pgm = |level: u8| [b"P5\n3 2\n255\n".to_vec(), vec![level; 6]].concat();
    for (class, level) in [("cat", 10u8), ("dog", 200)] {
        std::fs::create_dir_all(place.path(&format!("pets/{class}"))).unwrap();
        for number in 0..12u8 {
            place.write(&format!("pets/{class}/img{number}.pgm"), pgm(level + number));
        }
    }
    for (path, colour, pixel) in [
        ("pets/cat/img12.png", png::ColorType::Grayscale, &[99][..]),
        ("pets/dog/img12.png", png::ColorType::Rgb, &[255; 3]),
    ] {
        write_png(&place.path(path), colour, png::BitDepth::Eight, pixel);
    }
    place.write("pets/cat/notes.txt", "not an image");
    let set = read_image_folder(&place.path("pets")).unwrap();
    assert_eq!(
        (set.rows(), set.features().len(), set.targets().names()),
        (26, 6, &["cat", "dog"].map(str::to_owned)[..])
    );
    assert_eq!(
        (set.row(2)[0], set.row(12)[5], set.row(25)[0]),
        (12.0 / 255.0, 99.0 / 255.0, 1.0),
        "in natural order"
    );
    assert!(
        said(&set).contains("colours became grey") && said(&set).contains("1 other file not read"),
        "{}",
        said(&set)
    );
    let result = place.json("train --data pets --epochs 1 --out run");
    assert_eq!(result["data"]["classes"], Value::from(vec!["cat", "dog"]));
    assert_eq!(place.json("eval run --data pets")["samples"], 26);

    place.write("pets/dog/wide.pgm", [b"P5\n6 1\n255\n".to_vec(), vec![0; 6]].concat());
    let wrong = read_image_folder(&place.path("pets")).unwrap_err().to_string();
    assert!(wrong.contains("wide.pgm") && wrong.contains("1x6") && wrong.contains("2x3"), "{wrong}");
    std::fs::remove_file(place.path("pets/dog/wide.pgm")).unwrap();
    place.write("pets/dog/broken.png", b"\x89PNG\r\n\x1a\n");
    let wrong = read_image_folder(&place.path("pets")).unwrap_err().to_string();
    assert!(wrong.contains("broken.png") && wrong.contains("remove the file"), "{wrong}");
    std::fs::create_dir_all(place.path("nothing")).unwrap();
    assert_eq!(place.run("train --data nothing --out r").code, 2);
}

#[test]
fn threads_change_no_bit_of_a_run_and_resume_it() {
    let place = Place::new();
    let alone = place.json("train digits --epochs 2 --out alone");
    place.json("train digits --epochs 1 --threads 3 --out together");
    let together = place.json("resume together --epochs 2 --threads 2");
    for what in ["digest", "accuracy", "samples"] {
        assert_eq!(together[what], alone[what], "{what}");
    }
    place.refused("train digits --threads 0 --out none", 2, &["--threads", "1 to 1024"]);
}
