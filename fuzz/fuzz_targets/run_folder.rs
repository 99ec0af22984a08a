//! A run folder holds any bytes in any of its files: reading it returns what it holds or an error, and never panics. A first byte
//! says which files there are, and the rest is divided among them by bytes of 255, which no text holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use wheatstone_learn::run::{RunFolder, parse_metrics};

const FILES: [&str; 5] = ["config.toml", "encoding.json", "run.json", "metrics.jsonl", "checkpoint.bin"];

/// A whole run, so that files that were changed stand beside others that fit.
const WHOLE: [&[u8]; 5] = [
    include_bytes!("../run_folder/config.toml"),
    include_bytes!("../run_folder/encoding.json"),
    include_bytes!("../run_folder/run.json"),
    include_bytes!("../run_folder/metrics.jsonl"),
    include_bytes!("../run_folder/checkpoint.bin"),
];

thread_local! {
    static PLACE: tempfile::TempDir = tempfile::tempdir().expect("a folder for the run");
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, bytes)) = bytes.split_first() else { return };
    let metrics = parse_metrics(bytes);
    assert!(metrics.windows(2).all(|pair| pair[0].epoch < pair[1].epoch), "{metrics:?}");
    PLACE.with(|place| read(place.path(), which, bytes));
});

fn read(folder: &Path, which: u8, bytes: &[u8]) {
    let mut parts = bytes.splitn(FILES.len(), |&byte| byte == 255);
    for (place, file) in FILES.iter().enumerate() {
        let contents = if which >> place & 1 == 1 { parts.next().unwrap_or_default() } else { WHOLE[place] };
        std::fs::write(folder.join(file), contents).expect("the folder takes files");
    }
    let Ok(run) = RunFolder::open(folder) else { return };
    let _ = run.encoder();
    let _ = run.checkpoint();
    let _ = run.metrics(u32::MAX);
    let _ = run.origin();
    if let Ok(config) = run.config() {
        let written = config.to_toml();
        std::fs::write(folder.join(FILES[0]), &written).expect("the folder takes files");
        assert_eq!(run.config().expect("what was written is read").to_toml(), written);
        let _ = run.differing_keys(&config);
        let _ = run.config_here(None);
        let _ = run.config_here(Some(Path::new("elsewhere.csv")));
    }
}
