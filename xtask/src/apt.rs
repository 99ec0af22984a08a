//! Packages of the system, on Debian and its relatives.

use anyhow::{Context, Result, bail};

use crate::invocation::Invocation;

fn update() -> Invocation {
    Invocation::new("apt-get").args(["update", "-qq"])
}

fn fetch(packages: &[&'static str]) -> Invocation {
    let install = Invocation::new("apt-get").args(["install", "-y", "-qq"]).args(packages.iter().copied());
    // It must not wait for answers that nobody gives.
    install.env("DEBIAN_FRONTEND", "noninteractive")
}

/// The command for a user who has the rights, to be pasted into a shell.
pub fn remedy(packages: &[&'static str]) -> String {
    format!("sudo apt-get update -qq && sudo apt-get install -y -qq {}", packages.join(" "))
}

/// Installs packages, as root.
///
/// # Errors
/// This user is not root, and then the error holds the command for one who is; or the installation failed.
pub fn install(packages: &[&'static str]) -> Result<()> {
    let user = Invocation::new("id").args(["-u"]).said().unwrap_or_default();
    if user.trim() != "0" {
        bail!("{} not found, and only root can install them: {}", packages.join(", "), remedy(packages));
    }
    for command in [update(), fetch(packages)] {
        command.announce(&format!("install {}", packages.join(", ")));
        command.run().with_context(|| format!("installing {} failed", packages.join(", ")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let packages = ["iverilog", "verilator"];
        assert_eq!(
            fetch(&packages).to_string(),
            "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq iverilog verilator"
        );
        assert_eq!(
            remedy(&packages),
            "sudo apt-get update -qq && sudo apt-get install -y -qq iverilog verilator"
        );
    }
}
