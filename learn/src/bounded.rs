//! Files read whole, up to a bound, since a device or a pipe may be endless.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a whole file.
///
/// # Errors
/// What opening and reading say; [`io::ErrorKind::FileTooLarge`] with the bound in words if there are more bytes than that.
pub fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_on(&mut File::open(path)?, &mut bytes, most)?;
    Ok(bytes)
}

/// Reads what is left, until `bytes` holds all of at most so many.
///
/// # Errors
/// As [`read_bounded`].
pub(crate) fn read_on(from: &mut impl Read, bytes: &mut Vec<u8>, most: u64) -> io::Result<()> {
    let room = most.saturating_sub(bytes.len() as u64);
    let read = from.take(room.saturating_add(1)).read_to_end(bytes)? as u64;
    if read <= room {
        return Ok(());
    }
    let bound = if most < 1 << 20 { format!("{most} bytes") } else { format!("{} MiB", most >> 20) };
    let message = format!("it holds more than {bound}, which is the most that is read of such a file");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_up_to_the_bound() {
        for most in [0, 1, 1000, 1 << 20] {
            let mut bytes = Vec::new();
            let error = read_on(&mut io::repeat(0), &mut bytes, most).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            assert_eq!(bytes.len() as u64, most + 1);
            let mut bytes = vec![1];
            let rest = vec![2; usize::try_from(most.saturating_sub(1)).unwrap()];
            let whole = read_on(&mut rest.as_slice(), &mut bytes, most.max(1));
            assert!(whole.is_ok() && bytes.len() == rest.len() + 1, "{most}");
        }
    }
}
