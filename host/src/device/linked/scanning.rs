//! The state of a board, in and out through its scan chain.

use super::super::BoardError;
use super::Linked;
use wheatstone_link::protocol::{Command, MOST_DATA, Space};
use wheatstone_link::{LinkError, Transport};
use wheatstone_sim::{Design, State, Wave, scan};

impl<T: Transport> Linked<T> {
    /// Writes a state that was checked.
    pub(super) fn write_state(&mut self, state: &State) -> Result<(), BoardError> {
        let chain = scan::to_bytes(&self.design, state);
        for (number, data) in chain.chunks(MOST_DATA).enumerate() {
            let address = u16::try_from(number * MOST_DATA).unwrap_or(u16::MAX);
            self.session.post(Command::Write { space: Space::Scan, address, data: data.to_vec() })?;
        }
        self.session.call(Command::Commit { phase: state.phase })?;
        Ok(())
    }

    /// Reads the state, at rest.
    pub(super) fn read_state(&mut self) -> Result<State, BoardError> {
        let bytes = scan::byte_length(&self.design);
        let mut asked = Vec::new();
        for start in (0..bytes).step_by(MOST_DATA) {
            let command = Command::Read {
                space: Space::Scan,
                address: u16::try_from(start).unwrap_or(u16::MAX),
                count: u8::try_from(MOST_DATA.min(bytes - start)).unwrap_or(u8::MAX),
            };
            asked.push((self.session.ask(command.clone())?, command));
        }
        let mut chain = Vec::with_capacity(bytes);
        for (ticket, command) in asked {
            let result = self.session.take(ticket)?;
            match command {
                Command::Read { count, .. } if usize::from(count) == result.len() => chain.extend(result),
                _ => return Err(LinkError::malformed(&command, &result).into()),
            }
        }
        let phase = self.status()?.phase;
        let state = scan::from_bytes(&self.design, &chain, phase);
        state.check(&self.design)?;
        Ok(state)
    }
}

/// Checks that a state is one of the design, and one an array can hold.
pub(super) fn check_state(design: &Design, state: &State) -> Result<(), BoardError> {
    state.check(design)?;
    let (network, format) = (design.network(), design.format());
    for &node in network.inputs() {
        let [u_free, u_clamped] = Wave::BOTH.map(|wave| state.u(wave)[node.index()]);
        if u_free != u_clamped || format.accumulator(format.voltage(u_free)) != u_free {
            let node = network.node_name(node).into_owned();
            return Err(BoardError::InputState { node, u_free, u_clamped });
        }
    }
    Ok(())
}
