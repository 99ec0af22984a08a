//! Bitstreams of an iCE40. One checksum is of everything, the command that has it included: CRC-16 with the polynomial 1021, from FFFF.

use super::{BitstreamError, Covered, Part};
use crc::{CRC_16_IBM_3740, Crc};

pub(super) const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);

/// Reads what follows the preamble.
pub(super) fn read(bytes: &[u8], start: usize) -> Result<Part, BitstreamError> {
    let cut_short = BitstreamError::CutShort { bytes: bytes.len() };
    let (mut width, mut height) = (0, 0);
    let mut part = None;
    // Where what the checksum covers begins, once it does; and whether it was right.
    let (mut covered, mut checked) = (None, false);
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let operand = bytes.get(at + 1..at + 1 + usize::from(byte & 15)).ok_or(cut_short.clone())?;
        let value = operand.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        let damaged = BitstreamError::Command { offset: at, byte };
        let low = u32::try_from(value & 0xFFFF).unwrap_or(u32::MAX);
        let next = at + 1 + operand.len();
        let mut data = 0;
        match (byte, value) {
            (0x01, 5) => covered = Some(next),
            // Data of the bank, for configuration or block memory, and two bytes of zeros.
            (0x01, memory @ (1 | 3)) if covered.is_some() => {
                if memory == 1 && part.is_none() {
                    part = Some(Part::Ice40 { width, height });
                }
                let bank = (u64::from(width) * u64::from(height)).div_ceil(8);
                data = usize::try_from(bank + 2).map_err(|_| cut_short.clone())?;
                let end = next.checked_add(data).and_then(|end| bytes.get(next..end));
                if end.ok_or(cut_short.clone())?.ends_with(&[0, 0]) {
                    checked = false;
                } else {
                    return Err(damaged);
                }
            }
            (0x01, 6) => {
                let part = part.ok_or(damaged)?;
                if !checked {
                    return Err(BitstreamError::NoChecksum { offset: at });
                }
                return end(bytes, next).map(|()| part);
            }
            (0x01 | 0x44, 8) | (0x44, _) => return Err(BitstreamError::SeveralImages),
            (0x22, _) => {
                let Some(covered) = covered else { return Err(damaged) };
                let (found, expected) =
                    (u16::from_be_bytes([operand[0], operand[1]]), CRC.checksum(&bytes[covered..=at]));
                if found != expected {
                    let covered = Covered::Everything;
                    return Err(BitstreamError::Checksum { offset: at + 1, covered, found, expected });
                }
                checked = true;
            }
            // The bank's number, its size, and the first of its rows.
            (0x11 | 0x82, _) if covered.is_some() => {}
            (0x62, _) if covered.is_some() => width = low + 1,
            (0x72, _) if covered.is_some() => height = low,
            // The speed at which the flash is read, and whether it sleeps afterwards.
            (0x51, 0..=2) | (0x92, 0 | 1 | 0x20 | 0x21 | 0x30 | 0x31 | 0x10 | 0x11) => {}
            _ => return Err(damaged),
        }
        at = next + data;
    }
    Err(cut_short)
}

/// A byte of zeros ends it, and padding does no harm.
fn end(bytes: &[u8], at: usize) -> Result<(), BitstreamError> {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.iter().position(|&byte| !matches!(byte, 0 | 0xFF)) {
        Some(place) => Err(BitstreamError::Behind { offset: at + place, byte: rest[place] }),
        None if rest.is_empty() => Err(BitstreamError::CutShort { bytes: bytes.len() }),
        None => Ok(()),
    }
}
