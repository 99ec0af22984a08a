//! The bits of every preset: the digest of its state after one short run. A changed digest is a changed contract,
//! encoding or preset; `cargo xtask bless` writes the new ones.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use wheatstone_learn::config::{DataSource, RunConfig};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::preset::Preset;
use wheatstone_learn::training::Trainer;
use wheatstone_sim::hex;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/golden/digests.json");
const SAMPLES: u64 = 200;

fn digest(config: RunConfig) -> String {
    let experiment = Experiment::prepare(config).unwrap();
    let model = experiment.model(&experiment.initial_state()).unwrap();
    let mut trainer = Trainer::start(&experiment, Box::new(model)).unwrap();
    trainer.train_until(trainer.total().min(SAMPLES), &mut |_| ControlFlow::Continue(())).unwrap();
    hex::encode(&trainer.state().unwrap().digest())
}

#[test]
fn golden_digests_of_all_presets() {
    let mut found = BTreeMap::new();
    for preset in Preset::ALL {
        let mut config = preset.config().unwrap();
        if let DataSource::Idx(_) = config.data.source {
            // Its files do not ship; any data of its kind will do for the bits.
            config.data.source = DataSource::Builtin("digits".into());
        }
        for format in ["wide", "compact"] {
            config.format = format.parse().unwrap();
            found.insert(format!("{} {format}", preset.name), digest(config.clone()));
        }
    }
    if std::env::var_os("WHEATSTONE_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
        std::fs::write(FILE, text).unwrap();
    }
    let golden: BTreeMap<String, String> =
        serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert_eq!(found, golden, "the bits have changed; if that is meant, run `cargo xtask bless`");
}
