//! The smallest bitstream of a device.

use super::{Part, ecp5, ice40};

/// Appends the checksum of what follows `from`.
fn sealed(bytes: &mut Vec<u8>, from: usize, sum: impl Fn(&[u8]) -> u16) {
    let sum = sum(&bytes[from..]);
    bytes.extend(sum.to_be_bytes());
}

/// A whole bitstream that configures next to nothing: one empty frame or bank, and no block memory. It is for whoever wants to know
/// what becomes of a bitstream without a design; no device should be given it. Empty for a device that no family's file knows.
pub fn sample(part: Part, comment: &str) -> Vec<u8> {
    let mut bytes = [&[0xFF, 0], comment.as_bytes(), &[0, 0xFF]].concat();
    match part {
        Part::Ecp5 { idcode } => {
            let Some(frame) = ecp5::frame_bytes(part) else { return Vec::new() };
            bytes.extend([0xFF, 0xFF, 0xBD, 0xB3, 0xFF, 0xFF, 0xFF, 0xFF]);
            // SPI mode, reset of the checksum, IDCODE, control register 0, address of the first frame.
            bytes.extend([0x79, 0x59, 0, 0, 0x3B, 0, 0, 0]);
            let mut from = bytes.len();
            bytes.extend([0xE2, 0, 0, 0]);
            bytes.extend(idcode.to_be_bytes());
            bytes.extend([0x22, 0, 0, 0, 0x40, 0, 0, 0, 0x46, 0, 0, 0, 0x82, 0x91, 0, 1]);
            bytes.resize(bytes.len() + frame, 0);
            sealed(&mut bytes, from, |bytes| ecp5::CRC.checksum(bytes));
            from = bytes.len();
            bytes.extend([0xFF, 0xC2, 0x80, 0, 0, 0, 0, 0, 0]);
            sealed(&mut bytes, from, |bytes| ecp5::CRC.checksum(bytes));
            bytes.extend([0x5E, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        }
        Part::Ice40 { width, height } => {
            let [.., w1, w0] = (width - 1).to_be_bytes();
            let [.., h1, h0] = height.to_be_bytes();
            bytes.extend([0x7E, 0xAA, 0x99, 0x7E, 0x51, 0, 1, 5]);
            let from = bytes.len();
            bytes.extend([0x92, 0, 0x20, 0x62, w1, w0, 0x72, h1, h0, 0x82, 0, 0, 0x11, 0, 1, 1]);
            let bank = (width as usize * height as usize).div_ceil(8);
            bytes.resize(bytes.len() + bank + 2, 0);
            bytes.push(0x22);
            sealed(&mut bytes, from, |bytes| ice40::CRC.checksum(bytes));
            bytes.extend([1, 6, 0]);
        }
    }
    bytes
}
