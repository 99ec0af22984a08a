//! The self-timed learning array as hardware.
