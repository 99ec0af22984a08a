//! `wheatstone devices`

use super::failure::Result;
use super::output::Output;
use super::{advice, table};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::env;
use std::path::PathBuf;
use wheatstone::device::{DeviceUrl, SimulatedArray};
use wheatstone::ports::{Access, Port, System};

/// List what a network can be trained on
///
/// Says what stands in the way of using a board, and what to do.
#[derive(Args, Debug)]
pub struct Devices {}

/// A port with what follows from it.
#[derive(Serialize)]
struct Described<'p> {
    url: String,
    board: String,
    candidate: bool,
    usable: bool,
    #[serde(flatten)]
    port: &'p Port,
    advice: Vec<String>,
}

const SIMULATED: [(DeviceUrl, &str); 3] = [
    (DeviceUrl::Sim, "the model, in this process"),
    (DeviceUrl::Pty, "a virtual board, in a process of its own"),
    (DeviceUrl::Rtl(SimulatedArray::Either), "a simulation of the gateware"),
];

/// The root of the system that is looked at. The variable names another tree, for tests.
pub fn system_root() -> PathBuf {
    env::var_os("WHEATSTONE_SYSTEM_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// The system whose ports are looked at.
pub fn system() -> System {
    System::at(system_root())
}

impl Devices {
    pub fn run(&self, output: &Output) -> Result<()> {
        let ports = system().ports();
        let described: Vec<Described> = ports.iter().map(describe).collect();
        let simulated: Vec<_> =
            SIMULATED.iter().map(|(url, what)| json!({ "url": url.to_string(), "what": what })).collect();
        output.result(&json!({ "simulated": simulated, "ports": described }), || text(&described))
    }
}

fn describe(port: &Port) -> Described<'_> {
    Described {
        url: port.url().to_string(),
        board: port.guess().to_string(),
        candidate: port.guess().is_candidate(),
        usable: wheatstone::ports::usable(port).is_ok(),
        port,
        advice: advice::for_port(port),
    }
}

/// A port's rights in a few words.
pub fn access_text(port: &Port) -> String {
    match (&port.access, &port.holder) {
        (Access::Allowed, None) => "yes".into(),
        (Access::Allowed, Some(holder)) => format!("busy: {holder}"),
        (Access::Denied(denied), _) => format!("no: {denied}"),
        (Access::Absent, _) => "no: not there".into(),
    }
}

fn text(ports: &[Described]) -> String {
    let mut list = table::plain(["device", "what it is", "usable", "USB", "name, serial number"]);
    for (url, what) in SIMULATED {
        list.add_row([url.to_string(), what.to_owned(), "yes".into(), String::new(), String::new()]);
    }
    for Described { url, board, port, .. } in ports {
        let usb = port.usb.clone().unwrap_or_default();
        // FTDI names the interfaces of a bridge with letters.
        let letter = usb
            .interface
            .filter(|_| usb.product_id == 0x6010)
            .and_then(|i| char::from_digit(u32::from(i) + 10, 36));
        let interface = letter.map(|letter| format!(" {}", letter.to_ascii_uppercase())).unwrap_or_default();
        let named = [usb.product.as_deref(), usb.serial.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        list.add_row([
            url.clone(),
            board.clone(),
            access_text(port),
            format!("{usb}{interface}"),
            named.join(", "),
        ]);
    }
    let mut text = list.to_string();
    let candidates: Vec<&Described> = ports.iter().filter(|port| port.candidate).collect();
    for Described { url, advice, .. } in candidates.iter().filter(|port| !port.advice.is_empty()) {
        text += &format!("\n\n{url}");
        for line in advice {
            text += &format!("\n  {line}");
        }
    }
    text += match candidates.len() {
        0 => "\n\nno board was found on USB; docs/first-board.md says what to plug in where",
        1 => "\n\n`serial:` alone names the board",
        _ => "\n\nmore than one board: name the port, `serial:` alone is not enough",
    };
    text
}
