use super::*;
use crate::device::{device, devices};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn part(name: &str) -> Part {
    device(name).unwrap().part
}

#[test]
fn a_board_takes_the_bitstreams_of_its_device_and_no_other() {
    for device in devices() {
        let comment = format!("Part: {}-6CABGA381", device.name);
        let bytes = sample(device.part, &comment);
        let bitstream = Bitstream::read(&bytes).unwrap();
        assert_eq!((bitstream.part, bitstream.comment.as_slice()), (device.part, [comment].as_slice()));
        for &board in Board::all() {
            let own = board.part() == Some(device.part);
            match bitstream.check(board) {
                Ok(()) => assert!(own, "{board}: {}", device.name),
                Err(error) => {
                    assert!(!own, "{board}: {error}");
                    let message = error.to_string();
                    assert!(message.contains(board.name()), "{message}");
                    if let Some(part) = board.part() {
                        let both = [part, bitstream.part].map(|part| message.contains(&part.to_string()));
                        assert_eq!(both, [true; 2], "{message}");
                    }
                }
            }
        }
    }
}

#[test]
fn another_package_is_another_board() {
    let board = "ulx3s-25f".parse().unwrap();
    let bitstream = Bitstream::read(&sample(part("LFE5U-25F"), "Part: LFE5U-25F-6CABGA256")).unwrap();
    assert_eq!(bitstream.comment, ["Part: LFE5U-25F-6CABGA256"]);
    let message = bitstream.check(board).unwrap_err().to_string();
    assert!(message.contains("CABGA256") && message.contains("CABGA381"), "{message}");
    let silent = Bitstream::read(&sample(part("LFE5U-25F"), "")).unwrap();
    assert_eq!(silent.check(board), Ok(()));
}

#[test]
fn what_is_cut_short_or_something_else_is_refused() {
    for name in ["LFE5U-85F", "iCE40 HX1K"] {
        let whole = sample(part(name), "made up");
        for length in 0..whole.len() {
            let error = Bitstream::read(&whole[..length]).unwrap_err();
            let expected = matches!(error, BitstreamError::CutShort { .. } | BitstreamError::NoPreamble);
            assert!(expected, "{length} bytes: {error}");
        }
    }
    assert_eq!(Bitstream::read(b"module top;"), Err(BitstreamError::NoPreamble));
    let multi = [0x7E, 0xAA, 0x99, 0x7E, 0x92, 0, 0, 0x44, 3, 0, 0, 0xA0, 0x82, 0, 0, 1, 8];
    assert_eq!(Bitstream::read(&multi), Err(BitstreamError::SeveralImages));
    let no_id = [0xFF, 0xFF, 0xBD, 0xB3, 0x3B, 0, 0, 0, 0x82, 0x91, 0, 1];
    assert_eq!(Bitstream::read(&no_id), Err(BitstreamError::NoIdcode));
    let unknown = [0x7E, 0xAA, 0x99, 0x7E, 0xB0];
    assert_eq!(Bitstream::read(&unknown), Err(BitstreamError::Command { offset: 4, byte: 0xB0 }));
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    for name in ["LFE5U-25F", "iCE40 HX1K"] {
        let whole = sample(part(name), "made up");
        let preamble = whole.windows(2).position(|two| two == [0xBD, 0xB3] || two == [0x99, 0x7E]).unwrap();
        let begins = preamble + 2;
        for bit in begins * 8..whole.len() * 8 {
            let mut hurt = whole.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            let read = Bitstream::read(&hurt);
            // The speed at which an iCE40 reads its flash, and the mode in which an ECP5 does.
            let free = (hurt[bit / 8 - 1] == 0x51 || hurt[bit / 8 - 1] == 0x79) && bit / 8 <= begins + 5;
            let taken = read.is_ok_and(|read| read.part == part(name));
            assert!(free || !taken, "{name}, byte {}, bit {}", bit / 8, bit % 8);
        }
    }
}

#[test]
fn a_checksum_names_what_it_is_of() {
    let mut bytes = sample(part("LFE5U-25F"), "");
    let usercode = bytes.iter().rposition(|&byte| byte == 0xC2).unwrap();
    bytes[usercode - 10] ^= 1;
    let message = Bitstream::read(&bytes).unwrap_err().to_string();
    assert!(message.contains("frame 0") && message.contains("checksum"), "{message}");
    bytes[usercode - 10] ^= 1;
    bytes[usercode + 5] ^= 1;
    let message = Bitstream::read(&bytes).unwrap_err().to_string();
    assert!(message.contains("the user code"), "{message}");
    // What nothing vouches for is refused, even if every command is known.
    let whole = sample(part("iCE40 HX1K"), "");
    let crc = whole.len() - 6;
    assert_eq!(whole[crc], 0x22);
    let bare = [&whole[..crc], &whole[crc + 3..]].concat();
    assert_eq!(Bitstream::read(&bare), Err(BitstreamError::NoChecksum { offset: crc }));
    let more = [whole.as_slice(), &[7]].concat();
    assert_eq!(Bitstream::read(&more), Err(BitstreamError::Behind { offset: whole.len(), byte: 7 }));
}

/// The committed bitstreams.
fn committed() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams");
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let networks = inside(&root).into_iter().flat_map(|board| inside(&board));
    let files = networks.flat_map(|network| inside(&network));
    files.filter(|file| file.file_stem().is_some_and(|stem| stem == "bitstream")).collect()
}

/// Numbers that are the same in every run.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

#[test]
fn every_committed_bitstream_is_whole_and_none_with_a_flipped_bit_or_fifty_bytes_less() {
    let all = committed();
    assert!(all.len() >= 4, "{all:?}");
    for path in all {
        let whole = fs::read(&path).unwrap();
        let part = Bitstream::read(&whole).unwrap().part;
        let taken = |bytes: &[u8]| Bitstream::read(bytes).is_ok_and(|read| read.part == part);
        let preamble = whole.windows(2).position(|two| two == [0xBD, 0xB3] || two == [0x99, 0x7E]).unwrap();
        let mut draw = numbers(1);
        for _ in 0..300 {
            let at = preamble + 4 + draw(whole.len() - preamble - 4);
            let mut hurt = whole.clone();
            hurt[at] ^= 1 << draw(8);
            assert!(!taken(&hurt), "{}: a bit of byte {at}", path.display());
            let from = preamble + 4 + draw(whole.len() - preamble - 54);
            let cut = [&whole[..from], &whole[from + 50..]].concat();
            assert!(!taken(&cut), "{}: 50 bytes from {from}", path.display());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        preamble in prop::sample::select(vec![ECP5_PREAMBLE, ICE40_PREAMBLE]),
        at in 0usize..8,
    ) {
        let _ = Bitstream::read(&bytes);
        let at = at.min(bytes.len());
        let headed = [&bytes[..at], &preamble, &bytes[at..]].concat();
        if let Ok(bitstream) = Bitstream::read(&headed) {
            let _ = bitstream.check("ulx3s-85f".parse().unwrap());
            prop_assert!(!bitstream.part.to_string().is_empty());
        }
    }
}
