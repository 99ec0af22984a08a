//! `cargo xtask measure-gpu`: all that needs a real GPU, in one go and without a network.
//!
//! The program checks on the driver itself that the kernel learns the model's bits, before it measures it. Both programs may be carried to
//! the machine: `xtask` beside a checkout, the other one by `--binary`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::invocation::Invocation;
use crate::paths;

/// What is benched.
const PRESETS: [&str; 3] = ["iris", "wine", "digits"];

/// Measure on this machine's GPU what the documentation takes its figures from: iris, wine and digits, with energy
///
/// Needs a program built with `cargo build --release --features gpu`, a driver with Vulkan, and a Python with PyTorch.
#[derive(clap::Args)]
pub struct Args {
    /// The program, relative to the root of the repository
    #[arg(long, value_name = "PATH", default_value = "target/release/wheatstone")]
    binary: String,
    /// Python with PyTorch, scikit-learn or JAX
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: String,
    /// Part of the name of the graphics adapter
    #[arg(long, value_name = "NAME", default_value = "")]
    adapter: String,
    /// Seconds for each preset; starting and compiling what is measured come on top
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..))]
    budget: u32,
    /// Folder for a file of results a preset; none of them may be there
    #[arg(long, value_name = "FOLDER", default_value = "docs/bench/gpu")]
    out: PathBuf,
}

/// Benches all presets and keeps their results.
///
/// # Errors
/// Results are there already, or a bench fails or has no kernel of the network.
pub fn run(args: &Args) -> Result<()> {
    let folder = paths::root().join(&args.out);
    let file = |preset: &str| folder.join(format!("{preset}.json"));
    for preset in PRESETS {
        let file = file(preset);
        ensure!(!file.exists(), "{} is there already; move it away, or name another --out", file.display());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let scratch = folder.join("partial");
    for preset in PRESETS {
        let bench = bench(args, preset, &scratch.display().to_string());
        bench.announce(&format!("measure {preset}"));
        let said = bench.stdout()?;
        let results = said.lines().last().unwrap_or_default();
        println!("{preset}: {}", summary(results)?);
        let aside = file(preset).with_extension("json.partial");
        fs::write(&aside, format!("{results}\n"))
            .and_then(|()| fs::rename(&aside, file(preset)))
            .with_context(|| format!("cannot write {}", file(preset).display()))?;
    }
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))
}

fn bench(args: &Args, preset: &str, scratch: &str) -> Invocation {
    let budget = args.budget.to_string();
    Invocation::new(args.binary.clone()).args([
        "bench",
        preset,
        "--json",
        "--budget",
        &budget,
        "--python",
        &args.python,
        "--adapter",
        &args.adapter,
        "--out",
        scratch,
    ])
}

/// What took part, and on what; an error where the kernel did not.
fn summary(results: &str) -> Result<String> {
    let results: Value = serde_json::from_str(results).context("the last line is no result of a bench")?;
    let names = results["contenders"].as_array().context("a result without contenders")?;
    let names: Vec<&str> = names.iter().filter_map(|one| one["name"].as_str()).collect();
    if let Some(kernel) = names.iter().find(|name| name.starts_with("gpu-network")) {
        let software = if kernel.contains("software") {
            "; this adapter is software, and its figures say nothing about a GPU"
        } else {
            ""
        };
        return Ok(format!("{}{software}", names.join(", ")));
    }
    let missing = results["missing"].as_array().into_iter().flatten();
    let why = missing.filter(|one| one["name"] == "gpu-network").find_map(|one| one["why"].as_str());
    bail!("the network did not run as a kernel: {}", why.unwrap_or("no reason is given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_took_part_is_told() {
        let software = r#"{"contenders":[{"name":"model"},{"name":"gpu-network (software)"}],"missing":[]}"#;
        let text = summary(software).unwrap();
        assert!(text.starts_with("model, gpu-network (software); this adapter is software"), "{text}");
        let real = r#"{"contenders":[{"name":"gpu-network"}],"missing":[]}"#;
        assert_eq!(summary(real).unwrap(), "gpu-network");
    }

    #[test]
    fn a_machine_without_the_kernel_is_no_success() {
        let without = r#"{"contenders":[],"missing":[{"name":"gpu-network","why":"no Vulkan loader"}]}"#;
        let error = summary(without).unwrap_err().to_string();
        assert_eq!(error, "the network did not run as a kernel: no Vulkan loader");
        assert!(summary("wheatstone: error").is_err());
    }

    #[test]
    fn results_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("wine.json");
        fs::write(&old, "old").unwrap();
        let args = Args {
            binary: "/no-such-program".to_owned(),
            python: "python3".to_owned(),
            adapter: String::new(),
            budget: 5,
            out: folder.path().to_owned(),
        };
        let error = run(&args).unwrap_err().to_string();
        assert!(error.contains("wine.json is there already"), "{error}");
        assert_eq!(fs::read_to_string(old).unwrap(), "old");
    }

    #[cfg(unix)]
    #[test]
    fn every_preset_leaves_a_file() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("wheatstone");
        let script = "#!/bin/sh\nmkdir -p \"${11}\"; echo measuring\necho \"{\\\"preset\\\":\\\"$2\\\",\\\"contenders\\\":[{\\\"name\\\":\\\"gpu-network\\\"}],\\\"missing\\\":[]}\"\n";
        fs::write(&binary, script).unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
        let args = Args {
            binary: binary.display().to_string(),
            python: "python3".to_owned(),
            adapter: "H100".to_owned(),
            budget: 5,
            out: folder.path().join("out"),
        };
        run(&args).unwrap();
        for preset in PRESETS {
            let text = fs::read_to_string(folder.path().join(format!("out/{preset}.json"))).unwrap();
            assert!(text.contains(&format!("\"preset\":\"{preset}\"")), "{text}");
        }
        assert!(!folder.path().join("out/partial").exists());
    }
}
