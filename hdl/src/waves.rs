//! Waveforms: a VCD file of everything in a circuit, written as it happens.

use crate::bus::Port;
use crate::circuit::{Circuit, Observer};
use crate::leaf::LeafBlock;
use crate::module::{Module, Part};
use std::collections::BTreeMap;
use std::io::{self, Write};
use vcd::{IdCode, ReferenceIndex, TimescaleUnit, Value, VarType, Writer};

/// An observer that writes a waveform: the header and all present values now, every change later. The first error of the writer ends the file and goes to `failed`.
///
/// # Errors
/// What the writer returns for the header.
pub fn vcd<W: Write + Send + 'static>(
    circuit: &Circuit,
    output: W,
    mut failed: impl FnMut(io::Error) + Send + 'static,
) -> io::Result<Observer> {
    let mut writer = Some(Writer::new(output));
    let mut codes = Codes::default();
    if let Some(writer) = &mut writer {
        writer.timescale(1, TimescaleUnit::PS)?;
        codes.declare(writer, "array", circuit.module())?;
        writer.enddefinitions()?;
        writer.timestamp(circuit.now_ps())?;
        for (codes, port) in codes.0.values() {
            change(writer, codes, port)?;
        }
    }
    let mut last_ps = circuit.now_ps();
    Ok(Box::new(move |now_ps, bus| {
        let Some(open) = &mut writer else { return };
        let Some((names, port)) = codes.0.get(&bus.id()) else { return };
        let stamp = if now_ps == last_ps { Ok(()) } else { open.timestamp(now_ps) };
        last_ps = now_ps;
        if let Err(error) = stamp.and_then(|()| change(open, names, port)) {
            failed(error);
            writer = None;
        }
    }))
}

/// Identifiers of every bus, one for each name it has, and one of its ports.
#[derive(Default)]
struct Codes(BTreeMap<usize, (Vec<IdCode>, Port)>);

impl Codes {
    fn declare<W: Write>(&mut self, writer: &mut Writer<W>, name: &str, module: &Module) -> io::Result<()> {
        writer.add_module(name)?;
        for port in module.ports() {
            let bits = port.bus.shape().bits;
            let index = (bits > 1).then_some(ReferenceIndex::Range(bits - 1, 0));
            let code = writer.add_var(VarType::Wire, bits, &port.name, index)?;
            self.0.entry(port.bus.id()).or_insert_with(|| (Vec::new(), port.clone())).0.push(code);
        }
        for (name, part) in module.parts() {
            match part {
                Part::Module(part) => self.declare(writer, name, part)?,
                Part::Leaf(LeafBlock(_)) => {}
            }
        }
        writer.upscope()
    }
}

fn change<W: Write>(writer: &mut Writer<W>, codes: &[IdCode], port: &Port) -> io::Result<()> {
    let value = port.bus.val();
    let bit = |i: u32| if (value >> i) & 1 == 1 { Value::V1 } else { Value::V0 };
    codes.iter().try_for_each(|&code| match port.bus.shape().bits {
        1 => writer.change_scalar(code, bit(0)),
        bits => writer.change_vector(code, &(0..bits).rev().map(bit).collect::<Vec<_>>()),
    })
}
