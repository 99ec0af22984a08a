//! Checkpoints: every fault is found and named, whatever happened to the file. `docs/checkpoint.md` gives the layout.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{
    Checkpoint, CheckpointError, Configuration, Design, Features, Format, Initial, LearningSchedule, Nudge,
    Omega, Rules, State, Temperature, Waves,
};

fn checkpoint() -> Checkpoint {
    let network = layered(&[2, 2, 1], EdgeKind::Linear).unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 2 }, g_min: 5, lowest_rail: -100 };
    let design = Design::new(network, Format::COMPACT, rules).unwrap();
    let state = State::initial(&design, &[Initial::HalfNormal { scale: 0.2 }], 3);
    let configuration = Configuration { steps: 4, learning: LearningSchedule::Quasistatic, alpha_offset: 1 };
    Checkpoint { design, configuration, samples: 17, steps: 68, remark: "a remark".into(), state }
}

/// The parts of a file: its header as JSON, and its state's bytes.
fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let header = serde_json::from_slice(&bytes[16..16 + length]).unwrap();
    (header, bytes[16 + length..bytes.len() - 32].to_vec())
}

/// A file of these parts with a digest that fits.
fn sealed(version: u32, header: &[u8], state: &[u8]) -> Vec<u8> {
    let mut bytes = b"WHEATSTN".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header);
    bytes.extend(state);
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

/// The good file with its header changed and the digest made to fit.
fn with_header(change: impl Fn(&mut Value)) -> Vec<u8> {
    let (mut header, state) = parts(&checkpoint().to_bytes());
    change(&mut header);
    sealed(1, header.to_string().as_bytes(), &state)
}

/// The good file with its state's bytes changed and the digest made to fit.
fn with_state(change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let (header, mut state) = parts(&checkpoint().to_bytes());
    change(&mut state);
    sealed(1, header.to_string().as_bytes(), &state)
}

fn message(bytes: &[u8]) -> String {
    Checkpoint::from_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn a_whole_checkpoint_is_read() {
    let good = checkpoint();
    assert_eq!(Checkpoint::from_bytes(&good.to_bytes()), Ok(good.clone()));
    assert_eq!(good.to_bytes(), good.to_bytes());
    // The layout as documented: 8 bytes phase, 16 a node, 8 and 2 an edge, 32 digest.
    let length = u32::from_le_bytes(good.to_bytes()[12..16].try_into().unwrap()) as usize;
    assert_eq!(good.to_bytes().len(), 16 + length + 8 + 16 * 5 + 10 * 6 + 32);
    let (_, state) = parts(&good.to_bytes());
    assert_eq!(state, good.state.to_bytes());
    assert_eq!(state[..8], [0; 8]);
    assert_eq!(state[8 + 16 * 5..][..8], good.state.k[0].to_le_bytes());
    assert_eq!(state[8 + 16 * 5 + 8 * 6..][..2], good.state.generators[0].state().to_le_bytes());
    // Written by hand from the document, it reads the same.
    assert_eq!(Checkpoint::from_bytes(&with_header(|_| {})), Ok(good));
}

/// With noise a state is longer by the generators, with any feature the version is 2; what is plain stays version 1.
#[test]
fn features_are_kept() {
    let plain = checkpoint();
    for (temperature, waves, longer) in [
        (Some(Temperature(123_456_789)), Waves::Alternating, 4 * 3),
        (Some(Temperature(0)), Waves::Together, 4 * 3),
        (None, Waves::Together, 0),
    ] {
        let design = plain.design.clone().with_features(Features { temperature, waves }).unwrap();
        assert_ne!(design.digest(), plain.design.digest());
        let state = State::initial(&design, &[Initial::HalfNormal { scale: 0.2 }], 3);
        assert_eq!(state.k, plain.state.k);
        assert_eq!(state.to_bytes().len(), plain.state.to_bytes().len() + longer);
        let featured = Checkpoint { design, state, ..plain.clone() };
        let bytes = featured.to_bytes();
        assert_eq!((plain.to_bytes()[8], bytes[8]), (1, 2));
        assert_eq!(Checkpoint::from_bytes(&bytes), Ok(featured));
        let (header, state) = parts(&bytes);
        let wrong = message(&sealed(1, header.to_string().as_bytes(), &state));
        assert!(wrong.starts_with("byte 8: version 1 does not go with the header's features"), "{wrong}");
        let cut = message(&sealed(2, header.to_string().as_bytes(), &state[..state.len() - 1]));
        assert!(cut.contains("damaged"), "{cut}");
        let hot = with_header(|h| h["features"] = json!({ "temperature": u64::MAX }));
        assert!(message(&hot).starts_with("byte 8: version 1"), "{}", message(&hot));
    }
    let (mut header, state) = parts(&plain.to_bytes());
    header["features"] = json!({ "temperature": 1u64 << 40 });
    let hot = message(&sealed(2, header.to_string().as_bytes(), &state));
    assert!(
        hot.starts_with("header, rules: features.temperature = 1099511627776 is outside 0..=17179869183"),
        "{hot}"
    );
    let zero = sealed(
        2,
        &{
            header["features"] = json!({ "temperature": 5 });
            header.to_string().into_bytes()
        },
        &[state, vec![0; 12]].concat(),
    );
    assert!(message(&zero).contains("damaged"), "a generator of 0");
}

#[test]
fn a_file_cut_anywhere_says_so() {
    let bytes = checkpoint().to_bytes();
    for length in 0..bytes.len() {
        let error = Checkpoint::from_bytes(&bytes[..length]).unwrap_err();
        match error {
            CheckpointError::Magic => assert_eq!(length, 0),
            CheckpointError::Truncated { found, expected } => {
                assert!(found == length && found < expected && expected <= bytes.len(), "{length}: {error}");
            }
            _ => panic!("cut to {length} bytes: {error}"),
        }
    }
    assert_eq!(
        message(&bytes[..100]),
        format!(
            "the file ends after 100 bytes, before the {} its header promises; copy it again or use an earlier \
             checkpoint",
            16 + u32::from_le_bytes(bytes[12..16].try_into().unwrap()) + 32
        )
    );
}

#[test]
fn a_byte_changed_anywhere_is_found() {
    let bytes = checkpoint().to_bytes();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x20, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let error = Checkpoint::from_bytes(&damaged).unwrap_err();
            match at {
                0..8 => assert_eq!(error, CheckpointError::Magic),
                // One bit makes a 3 of a 1, none a 2.
                8..12 => assert!(matches!(error, CheckpointError::Version { known: 2, .. }), "{error}"),
                _ => assert!(
                    matches!(error, CheckpointError::Damaged { .. } | CheckpointError::Truncated { .. }),
                    "byte {at}: {error}"
                ),
            }
        }
    }
    let mut damaged = bytes.clone();
    damaged[bytes.len() - 40] ^= 1;
    assert_eq!(
        message(&damaged),
        format!(
            "the digest at byte {} does not match the contents; the file is damaged, use an earlier checkpoint",
            bytes.len() - 32
        )
    );
}

#[test]
fn bytes_after_the_end_are_found() {
    for extra in [1, 31, 32, 1000] {
        let mut longer = checkpoint().to_bytes();
        longer.extend(vec![0; extra]);
        assert!(matches!(Checkpoint::from_bytes(&longer), Err(CheckpointError::Damaged { .. })));
    }
}

#[test]
fn other_files_are_refused() {
    assert_eq!(
        message(b"PNG"),
        "byte 0: this is not a checkpoint (it does not begin with `WHEATSTN`); name a checkpoint file"
    );
    assert_eq!(message(&[]), message(b"PNG"));
    let (header, state) = parts(&checkpoint().to_bytes());
    for version in [0, 3, u32::MAX] {
        assert_eq!(
            message(&sealed(version, header.to_string().as_bytes(), &state)),
            format!(
                "byte 8: checkpoint version {version} is not known; this program reads versions 1 to 2, use a newer one"
            )
        );
    }
}

#[test]
fn a_small_file_that_promises_much_costs_nothing() {
    let mut bytes = b"WHEATSTN".to_vec();
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(u32::MAX.to_le_bytes());
    assert_eq!(
        Checkpoint::from_bytes(&bytes),
        Err(CheckpointError::Truncated { found: 16, expected: 16 + u32::MAX as usize + 32 })
    );
    bytes.extend([b'{'; 500]);
    assert!(matches!(Checkpoint::from_bytes(&bytes), Err(CheckpointError::Truncated { .. })));
    assert_eq!(State::from_bytes(&[0; 8], usize::MAX, usize::MAX, 0), None);
    assert_eq!(State::from_bytes(&[0; 8], usize::MAX / 16, 1, 0), None);
    assert_eq!(State::from_bytes(&[0; 8], 0, usize::MAX / 10, 0), None);
    assert_eq!(State::from_bytes(&[], 0, 0, 0), None);
}

#[test]
fn headers_of_another_shape_are_refused() {
    let (_, state) = parts(&checkpoint().to_bytes());
    for (header, part) in
        [(&b"{"[..], "EOF while parsing"), (b"[]", "invalid length"), (b"\xFF", "expected value")]
    {
        let text = message(&sealed(1, header, &state));
        assert!(text.starts_with("header: ") && text.contains(part), "{text}");
        assert!(text.ends_with("; the file was not written by this program"), "{text}");
    }
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (|h| h["surplus"] = json!(1), "header: unknown field `surplus`"),
        (|h| h["samples"] = json!(-1), "header: invalid value: integer `-1`, expected u64"),
        (|h| h["format"]["v_bits"] = json!(99), "header: v_bits = 99 is outside 4..=20"),
        (|h| h["rules"]["omega"] = json!(16), "header: omega = 16/8 is outside 4/8..=15/8"),
        (|h| h["network"] = json!("{}"), "header, network: missing field `wheatstone_network`"),
        (
            |h| h["rules"]["g_min"] = json!(0),
            "header, rules: g_min = 0 is outside 1..=1023 for the format 12/8/10/14",
        ),
        (|h| h["rules"]["nudge"]["eta"] = json!(21), "header, rules: nudge.eta = 21 is outside 0..=20"),
        (
            |h| h["configuration"]["steps"] = json!(0),
            "header, configuration: steps = 0 is outside 1..=4294967295",
        ),
    ];
    for (change, words) in cases {
        let text = message(&with_header(change));
        assert!(text.contains(words), "{text}");
    }
    let too_wide =
        with_header(|h| h["format"] = json!({"v_bits": 20, "v_guard": 12, "k_bits": 20, "k_guard": 20}));
    // Degree 3 fits even there; the state then does not.
    assert!(matches!(Checkpoint::from_bytes(&too_wide), Err(CheckpointError::State(_))));
}

#[test]
fn states_of_another_design_are_refused() {
    let k_at = 8 + 16 * 5;
    let generators_at = k_at + 8 * 6;
    let put =
        |at: usize, value: i64| with_state(move |s| s[at..at + 8].copy_from_slice(&value.to_le_bytes()));
    let outside = "the state is damaged or of another format";
    for (bytes, expected) in [
        (put(0, 2), format!("state: phase[0] = 2 is outside 0..=1; {outside}")),
        (put(8, 1 << 19), format!("state: u_F[0] = 524288 is outside -524288..=524287; {outside}")),
        (put(16, -(1 << 19) - 1), format!("state: u_C[0] = -524289 is outside -524288..=524287; {outside}")),
        // Nodes 2 and 3 are the hidden ones, with a diode each way.
        (put(8 + 32, -1), format!("state: u_F[2] = -1 is outside 0..=524287; {outside}")),
        (put(8 + 48 + 8, 1), format!("state: u_C[3] = 1 is outside -524288..=0; {outside}")),
        (put(k_at, 0), format!("state: k[0] = 0 is outside 81920..=16777215; {outside}")),
        (put(k_at + 40, 1 << 24), format!("state: k[5] = 16777216 is outside 81920..=16777215; {outside}")),
    ] {
        assert_eq!(message(&bytes), expected);
    }
    // What no scan chain can hold is damage, sealed or not.
    for bytes in [
        put(0, -1),
        put(0, 256),
        with_state(move |s| s[generators_at..generators_at + 2].fill(0)),
        with_state(|s| s.truncate(8)),
        with_state(Vec::clear),
        with_state(|s| s.push(0)),
    ] {
        assert!(matches!(Checkpoint::from_bytes(&bytes), Err(CheckpointError::Damaged { .. })));
    }
    let other_network = with_header(|h| {
        h["network"] = json!(layered(&[2, 3, 1], EdgeKind::Linear).unwrap().to_json());
    });
    assert!(matches!(Checkpoint::from_bytes(&other_network), Err(CheckpointError::Damaged { .. })));
    let other_format =
        with_header(|h| h["format"] = json!({"v_bits": 4, "v_guard": 0, "k_bits": 4, "k_guard": 0}));
    assert!(message(&other_format).starts_with("header, rules: "), "{}", message(&other_format));
}
