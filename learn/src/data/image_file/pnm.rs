//! PBM, PGM, PPM and PAM: a header in text, then samples in text (`P1` to `P3`) or in binary (`P4` to `P7`).

use super::{Channels, Image, ImageFileError, Samples, big_endian, check_size};

/// What is left of a file.
struct Rest<'b>(&'b [u8]);

type Problem = &'static str;

const ENDS_EARLY: Problem = "the file ends too early";
const NOT_A_NUMBER: Problem = "something else than a number stands where one has to be";

impl<'b> Rest<'b> {
    /// The next byte, unless white space or a comment; these are skipped.
    fn byte(&mut self) -> Result<u8, Problem> {
        loop {
            let (&byte, rest) = self.0.split_first().ok_or(ENDS_EARLY)?;
            match byte {
                b'#' => {
                    let end = self.0.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    self.0 = &self.0[end.unwrap_or(self.0.len())..];
                }
                b' ' | b'\t'..=b'\r' => self.0 = rest,
                _ => return Ok(byte),
            }
        }
    }

    /// The next number, with the one byte of white space behind it.
    fn number(&mut self) -> Result<u32, Problem> {
        self.byte()?;
        let end = self.0.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        let digits = str::from_utf8(digits).map_err(|_| NOT_A_NUMBER)?;
        let number = digits.parse().map_err(|_| NOT_A_NUMBER)?;
        self.0 = match rest {
            [] => rest,
            [b' ' | b'\t'..=b'\r', rest @ ..] => rest,
            [b'#', ..] => rest,
            _ => return Err(NOT_A_NUMBER),
        };
        Ok(number)
    }

    fn bytes(&mut self, count: usize) -> Result<&'b [u8], Problem> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(bytes)
    }
}

/// What a header says.
struct Header {
    width: usize,
    height: usize,
    channels: Channels,
    /// The sample of full brightness.
    full: u32,
}

/// The header of `P1` to `P6`: two or three numbers.
fn numbers(kind: u8, rest: &mut Rest) -> Result<Header, Problem> {
    let (width, height) = (rest.number()? as usize, rest.number()? as usize);
    let channels = if matches!(kind, b'3' | b'6') { Channels::Colour } else { Channels::Grey };
    let full = if matches!(kind, b'1' | b'4') { 1 } else { rest.number()? };
    Ok(Header { width, height, channels, full })
}

/// The header of `P7`: lines of a name and a value. Which colours they are follows from their number.
fn lines(rest: &mut Rest) -> Result<Header, Problem> {
    let mut values = [None; 4];
    loop {
        let end = rest.0.iter().position(|&byte| byte == b'\n').ok_or(ENDS_EARLY)?;
        let line = str::from_utf8(rest.bytes(end + 1)?).map_err(|_| "its header is not text")?;
        let mut words = line.split_ascii_whitespace();
        let place = match words.next() {
            Some("ENDHDR") => break,
            Some("WIDTH") => 0,
            Some("HEIGHT") => 1,
            Some("DEPTH") => 2,
            Some("MAXVAL") => 3,
            _ => continue,
        };
        values[place] = Some(words.next().and_then(|word| word.parse().ok()).ok_or(NOT_A_NUMBER)?);
    }
    let [Some(width), Some(height), Some(depth), Some(full)] = values else {
        return Err("its header lacks WIDTH, HEIGHT, DEPTH or MAXVAL");
    };
    let channels = match depth {
        1 => Channels::Grey,
        2 => Channels::GreyAlpha,
        3 => Channels::Colour,
        4 => Channels::ColourAlpha,
        _ => return Err("its DEPTH is not in 1..=4"),
    };
    Ok(Header { width: width as usize, height: height as usize, channels, full })
}

/// Reads a file that begins with `P1` to `P7`.
pub fn read(bytes: &[u8]) -> Result<Image, ImageFileError> {
    let format = String::from_utf8_lossy(&bytes[..2]).into_owned();
    let wrong = |problem| ImageFileError::Pnm { format: format.clone(), problem };
    let kind = bytes[1];
    let mut rest = Rest(&bytes[2..]);
    let header = if kind == b'7' { lines(&mut rest) } else { numbers(kind, &mut rest) };
    let Header { width, height, channels, full } = header.map_err(wrong)?;
    let full = u16::try_from(full).ok().filter(|&full| full > 0);
    let full = full.ok_or_else(|| wrong("its highest value is not in 1..=65535"))?;
    let sample_bytes = if full > 255 { 2 } else { 1 };
    let count = check_size(width, height, channels as usize * sample_bytes)? / sample_bytes;
    let number = |rest: &mut Rest| rest.number().map(|number| u16::try_from(number).unwrap_or(u16::MAX));
    let samples = match kind {
        b'1' => text_bits(&mut rest, count),
        b'2' | b'3' => (0..count).map(|_| number(&mut rest)).collect(),
        b'4' => rest.bytes(width.div_ceil(8) * height).map(|bytes| packed_bits(bytes, width)),
        _ if sample_bytes == 2 => rest.bytes(2 * count).map(big_endian),
        _ => rest.bytes(count).map(|bytes| bytes.iter().copied().map(u16::from).collect()),
    };
    let mut samples = samples.map_err(wrong)?;
    let top = if sample_bytes == 2 { u16::MAX } else { 255 };
    if samples.iter().any(|&sample| sample > top) {
        return Err(wrong("a sample is above 255"));
    }
    if full != top {
        let factor = f32::from(top) / f32::from(full);
        samples.iter_mut().for_each(|sample| *sample = rounded(f32::from(*sample) * factor, top));
    }
    let narrow = |sample| u8::try_from(sample).unwrap_or(u8::MAX);
    let samples = match sample_bytes {
        2 => Samples::Sixteen(samples),
        _ => Samples::Eight(samples.into_iter().map(narrow).collect()),
    };
    Ok(Image { width, height, channels, samples })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the highest value")]
fn rounded(value: f32, top: u16) -> u16 {
    value.round().min(f32::from(top)) as u16
}

/// Digits 0 and 1 with or without white space between them. Black is 1.
fn text_bits(rest: &mut Rest, count: usize) -> Result<Vec<u16>, Problem> {
    let mut bit = || match rest.byte()? {
        byte @ (b'0' | b'1') => {
            rest.0 = &rest.0[1..];
            Ok(u16::from(byte == b'0'))
        }
        _ => Err("something else than 0 and 1 stands among the pixels"),
    };
    (0..count).map(|_| bit()).collect()
}

/// Eight pixels a byte, the first one in the highest bit; a row begins with a byte of its own.
fn packed_bits(bytes: &[u8], width: usize) -> Vec<u16> {
    let rows = bytes.chunks_exact(width.div_ceil(8).max(1));
    rows.flat_map(|row| (0..width).map(|x| u16::from(row[x / 8] >> (7 - x % 8) & 1 == 0))).collect()
}
