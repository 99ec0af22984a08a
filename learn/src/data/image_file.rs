//! One image from a file: PNG, JPEG, or one of the portable formats (PBM, PGM, PPM, PAM).

mod pnm;

use crate::bounded::read_bounded;
use std::io::{self, Cursor};
use std::path::Path;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The most bytes of a file that are read, and of an image that are unpacked.
const MOST_BYTES: usize = 512 << 20;

/// An image file that cannot be read.
#[derive(Debug, Error)]
pub enum ImageFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its first bytes are none that are known.
    #[error("it is no PNG, JPEG, PBM, PGM, PPM or PAM file")]
    Unknown,
    /// A damaged PNG file.
    #[error("as PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// A damaged JPEG file.
    #[error("as JPEG: {0}")]
    Jpeg(#[from] zune_jpeg::errors::DecodeErrors),
    /// A damaged PBM, PGM, PPM or PAM file.
    #[error("as {format}: {problem}")]
    Pnm {
        /// Which of the formats, as its first two bytes say: `P1` to `P7`.
        format: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// More pixels than are unpacked.
    #[error("it has {width}x{height} pixels, which take more than {} MiB", MOST_BYTES >> 20)]
    TooLarge {
        /// How many pixels a row has.
        width: usize,
        /// How many rows there are.
        height: usize,
    },
}

impl Categorized for ImageFileError {
    fn category(&self) -> ErrorCategory {
        match self {
            ImageFileError::Io(error) => ErrorCategory::BadInput.unless_denied(error),
            ImageFileError::Unknown
            | ImageFileError::Png(_)
            | ImageFileError::Jpeg(_)
            | ImageFileError::Pnm { .. }
            | ImageFileError::TooLarge { .. } => ErrorCategory::BadInput,
        }
    }
}

/// The pixels of an image, row by row, the channels of a pixel next to each other.
pub struct Image {
    /// How many pixels a row has.
    pub width: usize,
    /// How many rows there are.
    pub height: usize,
    channels: Channels,
    samples: Samples,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Channels {
    Grey = 1,
    GreyAlpha = 2,
    Colour = 3,
    ColourAlpha = 4,
}

enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

/// The parts of red, green and blue in grey: the luminance of the primaries of ITU-R BT.709 under D65.
const LUMINANCE: [f32; 3] = [0.212_647_84, 0.715_179_2, 0.072_173_04];

impl Image {
    /// Reads an image; its first bytes say which kind it is.
    pub fn read(path: &Path) -> Result<Image, ImageFileError> {
        let bytes = read_bounded(path, MOST_BYTES as u64)?;
        match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => read_png(&bytes),
            [0xFF, 0xD8, 0xFF, ..] => read_jpeg(&bytes),
            [b'P', b'1'..=b'7', ..] => pnm::read(&bytes),
            _ => Err(ImageFileError::Unknown),
        }
    }

    /// Whether it is more than grey.
    pub fn is_coloured(&self) -> bool {
        matches!(self.channels, Channels::Colour | Channels::ColourAlpha)
    }

    /// How many of its pixels are not fully opaque.
    pub fn transparent_pixels(&self) -> usize {
        if matches!(self.channels, Channels::Grey | Channels::Colour) {
            return 0;
        }
        let channels = self.channels as usize;
        match &self.samples {
            Samples::Eight(samples) => {
                samples.chunks_exact(channels).filter(|pixel| pixel[channels - 1] != u8::MAX).count()
            }
            Samples::Sixteen(samples) => {
                samples.chunks_exact(channels).filter(|pixel| pixel[channels - 1] != u16::MAX).count()
            }
        }
    }

    /// The grey value of every pixel between 0 and 1, rounded to the image's own 8 or 16 bits.
    pub fn grey(&self) -> Vec<f64> {
        let channels = self.channels as usize;
        match &self.samples {
            Samples::Eight(samples) => samples.chunks_exact(channels).map(|pixel| grey(pixel, 255)).collect(),
            Samples::Sixteen(samples) => {
                samples.chunks_exact(channels).map(|pixel| grey(pixel, 65535)).collect()
            }
        }
    }
}

fn grey<S: Copy + Into<u16>>(pixel: &[S], full: u16) -> f64 {
    let scale = 1.0 / f32::from(full);
    let value = match pixel {
        [red, green, blue, ..] => {
            let colours = [red, green, blue].map(|&sample| f32::from(sample.into()) * scale);
            let parts = colours.into_iter().zip(LUMINANCE).map(|(colour, part)| colour * part);
            (parts.fold(0.0, |sum, part| sum + part) * f32::from(full)).round()
        }
        pixel => f32::from(pixel[0].into()),
    };
    f64::from(value) / f64::from(full)
}

/// Refuses an image before memory is taken for it.
fn check_size(width: usize, height: usize, bytes_per_pixel: usize) -> Result<usize, ImageFileError> {
    let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(bytes_per_pixel));
    bytes.filter(|&bytes| bytes <= MOST_BYTES).ok_or(ImageFileError::TooLarge { width, height })
}

fn read_png(bytes: &[u8]) -> Result<Image, ImageFileError> {
    let limits = png::Limits { bytes: MOST_BYTES };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    // Palettes become colours, and fewer than 8 bits become 8.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let (colour, depth) = reader.output_color_type();
    let channels = match colour {
        png::ColorType::Grayscale => Channels::Grey,
        png::ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        png::ColorType::Rgb | png::ColorType::Indexed => Channels::Colour,
        png::ColorType::Rgba => Channels::ColourAlpha,
    };
    let wide = depth == png::BitDepth::Sixteen;
    let mut samples = vec![0; check_size(width, height, channels as usize * if wide { 2 } else { 1 })?];
    reader.next_frame(&mut samples)?;
    let samples = if wide { Samples::Sixteen(big_endian(&samples)) } else { Samples::Eight(samples) };
    Ok(Image { width, height, channels, samples })
}

fn big_endian(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|&pair| u16::from_be_bytes(pair)).collect()
}

fn read_jpeg(bytes: &[u8]) -> Result<Image, ImageFileError> {
    let options =
        DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut headers = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    headers.decode_headers()?;
    let (width, height) = headers.dimensions().unwrap_or_default();
    let (channels, colours) = match headers.input_colorspace() {
        Some(ColorSpace::Luma) => (Channels::Grey, ColorSpace::Luma),
        _ => (Channels::Colour, ColorSpace::RGB),
    };
    check_size(width, height, channels as usize)?;
    let options = options.jpeg_set_out_colorspace(colours);
    let samples = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode()?;
    Ok(Image { width, height, channels, samples: Samples::Eight(samples) })
}

#[cfg(test)]
mod tests;
