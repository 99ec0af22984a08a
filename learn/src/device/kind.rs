//! What kind of thing computed a result, for people who have to judge it.

/// What kind of thing a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// The bit-exact software model in this process.
    Model,
    /// The model behind a serial line.
    VirtualBoard,
    /// The gateware, simulated.
    Simulation,
    /// A circuit board with an FPGA.
    Board,
}

impl DeviceKind {
    /// A name of a few words for tables.
    pub fn name(self) -> &'static str {
        match self {
            DeviceKind::Model => "model (software)",
            DeviceKind::VirtualBoard => "virtual board (software)",
            DeviceKind::Simulation => "gateware (simulated)",
            DeviceKind::Board => "board",
        }
    }

    /// What a reader has to know about where results come from.
    pub fn statement(self) -> &'static str {
        match self {
            DeviceKind::Model => {
                "Computed by the bit-exact software model of the network. Nothing in this report was measured on a \
                 board: voltages, conductances and powers are those of the model."
            }
            DeviceKind::VirtualBoard => {
                "Computed by the bit-exact software model of the network in a virtual board, which was spoken to over a \
                 serial line as a real one is. Nothing in this report was measured on a board."
            }
            DeviceKind::Simulation => {
                "Computed by the gateware, simulated with documented delays. Nothing in this report was measured on a \
                 board; powers are those of the model."
            }
            DeviceKind::Board => {
                "Trained on a board. Conductances and the training scores are the board's; test scores and powers are computed \
                 by the bit-exact software model from the board's state. Power here is a property of the network, in \
                 units of conductance; it is not what the board draws."
            }
        }
    }
}
