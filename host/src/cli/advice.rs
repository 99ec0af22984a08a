//! What to do where a port or a board cannot be used: the library reports, this advises.

use std::error::Error;
use wheatstone::device::BoardError;
use wheatstone::loading::LoadError;
use wheatstone::ports::{Access, Denied, Latency, Port, PortError, UDEV_FILE, udev_rules};

/// What to do about an error, line by line; nothing where its message says all.
pub fn for_error(error: &anyhow::Error) -> Vec<String> {
    let port = match find(error) {
        Some(BoardError::Port(error)) => Some(error),
        _ => find(error),
    };
    if let Some(PortError::NoAccess { denied, .. }) = port {
        return for_access(denied);
    }
    match find(error) {
        Some(LoadError::NoDevice { .. }) => vec![
            "plug the board in (a ULX3S at US1), and see `wheatstone devices` for what is there".into(),
            "a board that is there and not found: `wheatstone doctor`".into(),
        ],
        Some(LoadError::NoAccess { .. }) => {
            let mut advice = for_rules();
            advice
                .push("a program that has the board open, a terminal for example, must be ended too".into());
            advice
        }
        Some(LoadError::Failed { flash: false, .. }) => vec![
            "the jumpers of a board with an iCE40 must be set for what is asked: its flash with --flash, the device without".into(),
            "else: is --board the board that is plugged in? see docs/first-board.md".into(),
        ],
        Some(LoadError::Failed { flash: true, .. }) => {
            vec!["try again; is --board the board that is plugged in? see docs/first-board.md".into()]
        }
        _ => Vec::new(),
    }
}

fn find<E: Error + 'static>(error: &anyhow::Error) -> Option<&E> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// How to get the right to a port.
pub fn for_access(denied: &Denied) -> Vec<String> {
    let Denied { group, by_group, listed, .. } = denied;
    if *by_group && *listed {
        return vec![format!(
            "you are in group {group}, but not since this login: log out and in, or `newgrp {group}`"
        )];
    }
    let mut advice = Vec::new();
    if *by_group {
        advice.push(format!("join its group, then log out and in: sudo usermod -aG {group} \"$USER\""));
    }
    let rules = for_rules();
    advice.extend(
        rules.into_iter().enumerate().map(
            |(place, line)| {
                if place == 0 && *by_group { format!("or {line}") } else { line }
            },
        ),
    );
    advice
}

/// How to install the rules for udev.
pub fn for_rules() -> Vec<String> {
    let rules = udev_rules();
    let first = rules.lines().find(|line| line.starts_with("SUBSYSTEM")).unwrap_or_default();
    vec![
        "add the boards' rules to udev, then plug the board in again:".into(),
        format!("  wheatstone doctor --udev-rules | sudo tee {UDEV_FILE}"),
        "  sudo udevadm control --reload-rules && sudo udevadm trigger".into(),
        format!("  (the line that gives the right is: {first})"),
    ]
}

/// How to make a bridge send at once.
pub fn for_latency(latency: &Latency) -> String {
    let Latency { file, ms } = latency;
    format!(
        "its bridge holds short answers back for {ms} ms: echo 1 | sudo tee {} (the rules for udev do it for good)",
        file.display()
    )
}

/// What stands in the way of a port, and what to do about it.
pub fn for_port(port: &Port) -> Vec<String> {
    let mut advice = match &port.access {
        Access::Allowed => Vec::new(),
        Access::Denied(denied) => for_access(denied),
        Access::Absent => vec!["it has no node in /dev: plug it in again".into()],
    };
    if let (Access::Allowed, Some(Access::Denied(denied))) = (&port.access, &port.usb_access) {
        advice.push(format!("it can be spoken to, but not loaded ({denied}):"));
        advice.extend(for_rules());
    }
    if let Some(holder) = &port.holder {
        advice.push(format!("{holder} has it open; end that program first"));
    }
    if let Some(latency) = port.latency.as_ref().filter(|latency| latency.limits()) {
        advice.push(for_latency(latency));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_learn::device::DeviceError;
    use wheatstone_learn::training::TrainingError;

    #[test]
    fn advice_names_the_group_the_rules_and_the_commands() {
        let denied = |by_group, listed| Denied { mode: 0o660, group: "dialout".into(), by_group, listed };
        let advice = |denied| for_access(&denied).join("\n");
        let join = advice(denied(true, false));
        for fragment in
            ["usermod -aG dialout", "doctor --udev-rules", "udevadm control --reload-rules", UDEV_FILE]
        {
            assert!(join.contains(fragment), "{join}");
        }
        let login = advice(denied(true, true));
        assert!(login.contains("newgrp dialout") && !login.contains("usermod"), "{login}");
        let rules = advice(denied(false, false));
        assert!(!rules.contains("usermod") && rules.contains("0403"), "{rules}");
        let port = || PortError::NoAccess { path: "x".into(), denied: denied(true, true) };
        let linked = || DeviceError::from(BoardError::from(port()));
        let errors: [anyhow::Error; 3] =
            [port().into(), linked().into(), TrainingError::from(linked()).into()];
        for error in errors {
            assert_eq!(for_error(&error.context("opening")).join("\n"), login);
        }
    }
}
