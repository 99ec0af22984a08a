//! The NPY format, versions 1 to 3: a magic number, a header that is a Python dictionary, and the elements.

use std::io::Read;

use super::ArrayError;
use crate::data::csv::MAX_NUMBERS;

/// Longest header: a dictionary of three entries.
const MAX_HEADER: usize = 1 << 16;

/// Most bytes of a text.
const MAX_TEXT: usize = 4096;

/// An array in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its sizes, rows first.
    pub shape: Vec<usize>,
    /// Its elements, the last index running fastest.
    pub values: Values,
    /// Whether the elements are bytes.
    pub bytes: bool,
    /// Whether they are integers or truth values.
    pub integers: bool,
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; truth values are 0 and 1.
    Numbers(Vec<f64>),
    /// Texts of any length.
    Texts(Vec<String>),
}

/// What the elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    Unicode,
    Bytes,
}

/// An array from the bytes of an NPY file; `name` names it in errors.
///
/// # Errors
/// [`ArrayError::Array`] for a damaged file, or elements that are not read.
pub fn parse_npy(name: &str, mut reader: impl Read) -> Result<Array, ArrayError> {
    let wrong = |problem: String| ArrayError::Array { array: name.to_owned(), problem };
    let damaged =
        || wrong("it is no NPY file, or damaged; write it with numpy.save, or fetch it again".into());
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| damaged())?;
    let length_bytes = match start {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _] => 2,
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _] => 4,
        _ => return Err(damaged()),
    };
    let mut length = [0; 4];
    reader.read_exact(&mut length[..length_bytes]).map_err(|_| damaged())?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(damaged());
    }
    let mut header = vec![0; length];
    reader.read_exact(&mut header).map_err(|_| damaged())?;
    let header = String::from_utf8_lossy(&header);
    let Some((shape, fortran)) = shape(&header).zip(fortran_order(&header)) else { return Err(damaged()) };
    let descr = entry(&header, "descr").and_then(quoted).ok_or_else(|| {
        wrong("its elements are records; save features and labels as two plain arrays".to_owned())
    })?;
    let (big_endian, kind, size) = element(descr).ok_or_else(|| {
        wrong(if descr.ends_with('O') {
            "it holds pickled Python objects, which are programs and are not read; convert it, for example by \
             X.astype(float)"
                .to_owned()
        } else {
            format!("elements of type {descr:?} are not read; convert it, for example by X.astype(float)")
        })
    })?;
    let count = shape
        .iter()
        .try_fold(1usize, |product, &size| product.checked_mul(size))
        .filter(|&count| count <= MAX_NUMBERS)
        .ok_or_else(|| wrong(format!("its shape {shape:?} is more than {MAX_NUMBERS} elements")))?;
    let texts = matches!(kind, Kind::Unicode | Kind::Bytes);
    let mut numbers = Vec::new();
    let mut words = Vec::new();
    let mut element = vec![0; size];
    // A buffer of its own: the entry of an archive has none.
    let mut reader = std::io::BufReader::with_capacity(1 << 16, reader);
    for done in 0..count {
        reader.read_exact(&mut element).map_err(|e| {
            wrong(format!("it ends at element {done} of {count} ({e}); fetch or write it again"))
        })?;
        if texts {
            words.push(text(kind, big_endian, &element));
        } else {
            numbers.push(number(kind, big_endian, &element));
        }
    }
    // The checksum of an archive's entry is compared when its end is read.
    match reader.read(&mut element) {
        Ok(0) => {}
        Ok(_) => {
            return Err(wrong(format!("it goes on after its {count} elements; fetch or write it again")));
        }
        Err(e) => return Err(wrong(format!("its contents are damaged ({e}); fetch or write it again"))),
    }
    let values = match (texts, fortran && shape.len() > 1) {
        (true, false) => Values::Texts(words),
        (true, true) => Values::Texts(from_fortran(&shape, &words)),
        (false, false) => Values::Numbers(numbers),
        (false, true) => Values::Numbers(from_fortran(&shape, &numbers)),
    };
    let integers = matches!(kind, Kind::Bool | Kind::Signed | Kind::Unsigned);
    Ok(Array { shape, values, bytes: kind == Kind::Unsigned && size == 1, integers })
}

/// What stands behind a key of the dictionary.
fn entry<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let place = header.find(&format!("'{key}'"))?;
    Some(header[place + key.len() + 2..].trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.split('\'').next()
}

fn fortran_order(header: &str) -> Option<bool> {
    let value = entry(header, "fortran_order")?;
    if value.starts_with("True") { Some(true) } else { value.starts_with("False").then_some(false) }
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let inside = entry(header, "shape")?.strip_prefix('(')?.split_once(')')?.0;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    // Python 2 wrote long integers with an L.
    sizes.map(|size| size.trim_end_matches('L').parse().ok()).collect()
}

/// Byte order, kind and bytes of an element, for example of `<f8`.
fn element(descr: &str) -> Option<(bool, Kind, usize)> {
    let mut letters = descr.chars();
    let big_endian = match letters.next()? {
        '<' | '|' => false,
        '>' => true,
        _ => return None,
    };
    let kind = letters.next()?;
    let size: usize = letters.as_str().parse().ok()?;
    Some(match (kind, size) {
        ('b', 1) => (big_endian, Kind::Bool, 1),
        ('i', 1 | 2 | 4 | 8) => (big_endian, Kind::Signed, size),
        ('u', 1 | 2 | 4 | 8) => (big_endian, Kind::Unsigned, size),
        ('f', 4 | 8) => (big_endian, Kind::Float, size),
        ('U', 1..) if size <= MAX_TEXT => (big_endian, Kind::Unicode, 4 * size),
        ('S', 1..) if size <= MAX_TEXT => (big_endian, Kind::Bytes, size),
        _ => return None,
    })
}

/// The bytes of an element with the least significant first, in a word of eight.
fn word(big_endian: bool, element: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    for (place, &byte) in element.iter().take(8).enumerate() {
        let place = if big_endian { element.len() - 1 - place } else { place };
        word[place] = byte;
    }
    word
}

#[expect(clippy::cast_precision_loss, reason = "labels and pixels are far below 2^53")]
fn number(kind: Kind, big_endian: bool, element: &[u8]) -> f64 {
    let bits = u64::from_le_bytes(word(big_endian, element));
    match (kind, element.len()) {
        (Kind::Bool, _) => f64::from(u8::from(bits != 0)),
        (Kind::Signed, size) => {
            let unused = 64 - 8 * size;
            (bits.cast_signed() << unused >> unused) as f64
        }
        (Kind::Float, 4) => f64::from(f32::from_bits(u32::try_from(bits).unwrap_or_default())),
        (Kind::Float, _) => f64::from_bits(bits),
        _ => bits as f64,
    }
}

fn text(kind: Kind, big_endian: bool, element: &[u8]) -> String {
    let letters: String = if kind == Kind::Bytes {
        String::from_utf8_lossy(element).into_owned()
    } else {
        let code =
            |letter: &[u8]| u32::try_from(u64::from_le_bytes(word(big_endian, letter))).unwrap_or_default();
        element.chunks_exact(4).map(|l| char::from_u32(code(l)).unwrap_or('\u{fffd}')).collect()
    };
    letters.trim_end_matches('\0').to_owned()
}

/// Elements whose first index runs fastest, so that the last does.
fn from_fortran<T: Clone>(shape: &[usize], values: &[T]) -> Vec<T> {
    let mut ordered = Vec::with_capacity(values.len());
    for place in 0..values.len() {
        // The indices of a place, last first, and where they stand in the file.
        let (mut rest, mut stride, mut from) = (place, values.len(), 0);
        for &size in shape.iter().rev() {
            stride /= size;
            from += rest % size * stride;
            rest /= size;
        }
        ordered.push(values[from].clone());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(descr: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': ({shape}), }}\n");
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), body].concat()
    }

    fn numbers(descr: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<f64> {
        match parse_npy("a", &npy(descr, fortran, shape, body)[..]).unwrap().values {
            Values::Numbers(numbers) => numbers,
            Values::Texts(texts) => panic!("{texts:?}"),
        }
    }

    #[test]
    fn elements_of_every_kind_are_numbers() {
        assert_eq!(numbers("'|u1'", "False", "3,", &[0, 7, 255]), [0.0, 7.0, 255.0]);
        assert_eq!(numbers("'|i1'", "False", "2,", &[0x80, 0x7f]), [-128.0, 127.0]);
        assert_eq!(numbers("'|b1'", "False", "2,", &[0, 1]), [0.0, 1.0]);
        assert_eq!(numbers("'<i2'", "False", "1,", &(-300i16).to_le_bytes()), [-300.0]);
        assert_eq!(numbers("'>i8'", "False", "1,", &(-5i64).to_be_bytes()), [-5.0]);
        assert_eq!(numbers("'<u4'", "False", "1,", &4_000_000_000u32.to_le_bytes()), [4e9]);
        assert_eq!(numbers("'>f4'", "False", "1,", &0.25f32.to_be_bytes()), [0.25]);
        assert_eq!(numbers("'<f8'", "False", "1,", &(-1.5e-3f64).to_le_bytes()), [-1.5e-3]);
    }

    #[test]
    fn fortran_order_is_turned() {
        // [[1, 2, 3], [4, 5, 6]] column by column; and a cube.
        assert_eq!(numbers("'|u1'", "True", "2, 3", &[1, 4, 2, 5, 3, 6]), [1., 2., 3., 4., 5., 6.]);
        assert_eq!(
            numbers("'|u1'", "True", "2, 2, 2", &[0, 4, 2, 6, 1, 5, 3, 7]),
            [0., 1., 2., 3., 4., 5., 6., 7.]
        );
    }

    #[test]
    fn texts_are_labels() {
        let body: Vec<u8> = "ab\0c\0\0".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        let array = parse_npy("a", &npy("'<U3'", "False", "2,", &body)[..]).unwrap();
        assert_eq!(array.values, Values::Texts(vec!["ab".into(), "c".into()]));
        let array = parse_npy("a", &npy("'|S2'", "False", "2,", b"abc\0")[..]).unwrap();
        assert_eq!(array.values, Values::Texts(vec!["ab".into(), "c".into()]));
    }

    #[test]
    fn what_is_not_read_says_why() {
        let says = |bytes: &[u8], part: &str| {
            let text = parse_npy("x.npy", bytes).unwrap_err().to_string();
            assert!(text.starts_with("x.npy: ") && text.contains(part), "{text}");
        };
        says(&npy("'|O'", "False", "3,", &[0; 40]), "pickled");
        says(&npy("[('a', '<f8')]", "False", "3,", &[0; 24]), "records");
        says(&npy("'<c16'", "False", "3,", &[0; 48]), "astype");
        says(&npy("'<f8'", "False", "99999999999, 99999999999", &[]), "elements");
        says(&npy("'<f8'", "False", "3,", &[0; 20]), "ends at element 2 of 3");
        says(&npy("'<f8'", "False", "3,", &[0; 25]), "goes on");
        says(b"1,2,3\n", "no NPY file");
        let whole = npy("'<f8'", "False", "1,", &[0; 8]);
        (0..whole.len()).for_each(|end| assert!(parse_npy("a", &whole[..end]).is_err(), "{end}"));
    }
}
