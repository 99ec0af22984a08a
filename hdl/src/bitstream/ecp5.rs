//! Bitstreams of an ECP5. Checksums are CRC-16 with the polynomial 8005, from 0, of all bytes since the one before; dummy commands
//! are no part of it.

use super::{BitstreamError, Covered, Part};
use crate::device::devices;
use crc::{CRC_16_UMTS, Crc, Digest};

pub(super) static CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_UMTS);

/// Compressed frames are padded at the beginning to a multiple of that many bytes.
pub(super) const COMPRESSED_BYTES: usize = 8;

/// How the flash is read: fast, by two lines, by four.
const SPI_MODES: [u8; 3] = [0x49, 0x51, 0x59];

/// A frame of block memory.
const MEMORY_BYTES: usize = 9;

/// Bytes, with the checksum of those read since the last one was checked.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    digest: Digest<'static, u16>,
}

impl<'b> Reader<'b> {
    fn cut_short(&self) -> BitstreamError {
        BitstreamError::CutShort { bytes: self.bytes.len() }
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], BitstreamError> {
        let end = self.at.checked_add(count).ok_or(self.cut_short())?;
        let taken = self.bytes.get(self.at..end).ok_or(self.cut_short())?;
        self.digest.update(taken);
        self.at = end;
        Ok(taken)
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], BitstreamError> {
        self.take(COUNT)?.try_into().map_err(|_| self.cut_short())
    }

    fn reset(&mut self) -> u16 {
        std::mem::replace(&mut self.digest, CRC.digest()).finalize()
    }

    /// The checksum that stands here is that of all since the last one.
    fn check(&mut self, covered: Covered) -> Result<(), BitstreamError> {
        let (offset, expected) = (self.at, self.reset());
        let found = u16::from_be_bytes(self.array()?);
        self.reset();
        if found == expected {
            Ok(())
        } else {
            Err(BitstreamError::Checksum { offset, covered, found, expected })
        }
    }

    /// A frame of so many bytes once it is unpacked. A byte of zeros is the bit 0, one with a single 1 is 100 and its place, one
    /// of the dictionary 101 and its place there, any other 11 and itself; a frame ends with a byte.
    fn unpack(&mut self, count: usize) -> Result<(), BitstreamError> {
        let (mut byte, mut left) = (0, 0);
        let mut bits = |count: u32| -> Result<u32, BitstreamError> {
            let mut value = 0;
            for _ in 0..count {
                if left == 0 {
                    [byte] = self.array()?;
                    left = 8;
                }
                left -= 1;
                value = value << 1 | u32::from(byte >> left & 1);
            }
            Ok(value)
        };
        for _ in 0..count {
            if bits(1)? == 1 {
                let rest = if bits(1)? == 1 { 8 } else { 4 };
                bits(rest)?;
            }
        }
        Ok(())
    }
}

/// Bytes of a frame of a device's configuration; none if it is unknown.
pub(super) fn frame_bytes(part: Part) -> Option<usize> {
    let device = devices().iter().find(|device| device.part == part)?;
    device.frame_bits.map(|bits| bits.div_ceil(8) as usize)
}

/// Reads what follows the preamble.
pub(super) fn read(bytes: &[u8], start: usize) -> Result<Part, BitstreamError> {
    let mut reader = Reader { bytes, at: start, digest: CRC.digest() };
    let mut part = None;
    let (mut framed, mut memories) = (false, 0);
    loop {
        let offset = reader.at;
        let command = *bytes.get(offset).ok_or(reader.cut_short())?;
        // A dummy.
        if command == 0xFF {
            reader.at += 1;
            continue;
        }
        let [_, flags, high, low] = reader.array()?;
        let count = usize::from(u16::from_be_bytes([high, low]));
        let wrong = BitstreamError::Command { offset, byte: command };
        let plain = flags == 0 && count == 0;
        match command {
            // The checksum begins.
            0x3B if plain => {
                reader.reset();
            }
            // SPI mode, the address of the first frame.
            0x79 if count == 0 && SPI_MODES.contains(&flags) => {}
            0x46 if plain => {}
            // What device it is for.
            0xE2 if plain => {
                let idcode = u32::from_be_bytes(reader.array()?);
                part = Some(Part::Ecp5 { idcode });
            }
            // Control register 0, the address of a block memory.
            0x22 | 0xF6 if plain => {
                reader.take(4)?;
            }
            // The dictionary of compressed frames.
            0x02 if plain => {
                reader.take(8)?;
            }
            // The frames, plain or compressed.
            0x82 | 0xB8 if flags & 0x80 != 0 && flags & 0x40 == 0 => {
                let part = part.ok_or(BitstreamError::NoIdcode)?;
                // Whatever board is named, it is another device.
                let Some(frame) = frame_bytes(part) else { return Ok(part) };
                for number in 0..count {
                    if command == 0xB8 {
                        reader.unpack(frame.next_multiple_of(COMPRESSED_BYTES))?;
                    } else {
                        reader.take(frame)?;
                    }
                    reader.check(Covered::Frame(number))?;
                    reader.dummies(usize::from(flags & 0x0F))?;
                }
                framed = true;
            }
            0xC2 if flags == 0x80 && count == 0 => {
                reader.take(4)?;
                reader.check(Covered::UserCode)?;
            }
            // Frames of block memory.
            0xB2 if flags & 0x80 != 0 => {
                reader.take(count * MEMORY_BYTES)?;
                reader.check(Covered::Memory(memories))?;
                memories += 1;
            }
            // The device starts.
            0x5E if plain => {
                let part = part.ok_or(BitstreamError::NoIdcode)?;
                if !framed {
                    return Err(BitstreamError::NoChecksum { offset });
                }
                return reader.end().map(|()| part);
            }
            _ => return Err(wrong),
        }
    }
}

impl Reader<'_> {
    /// Dummy bytes, which are part of the next checksum.
    fn dummies(&mut self, count: usize) -> Result<(), BitstreamError> {
        let offset = self.at;
        match self.take(count)?.iter().position(|&byte| byte != 0xFF) {
            Some(place) => {
                Err(BitstreamError::Command { offset: offset + place, byte: self.bytes[offset + place] })
            }
            None => Ok(()),
        }
    }

    /// Four dummies end it; more do no harm.
    fn end(&self) -> Result<(), BitstreamError> {
        const DUMMIES: usize = 4;
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|&byte| byte != 0xFF) {
            Some(place) => Err(BitstreamError::Behind { offset: self.at + place, byte: rest[place] }),
            None if rest.len() < DUMMIES => Err(self.cut_short()),
            None => Ok(()),
        }
    }
}
