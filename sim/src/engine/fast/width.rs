//! Vector widths: which instructions the loops are compiled for, chosen when an engine is made.

use pulp::Scalar;
#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

/// The vector instructions an engine uses. One program holds all of its machine's; none changes a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VectorWidth {
    /// None beyond what every machine of the architecture has.
    Portable,
    /// 128 bits, on Arm.
    Neon,
    /// 256 bits, on x86-64-v3.
    Avx2,
    /// 512 bits, on x86-64-v4.
    Avx512,
}

impl VectorWidth {
    /// All this machine has, narrowest first; the first is always [`VectorWidth::Portable`].
    pub fn available() -> Vec<VectorWidth> {
        let all = [VectorWidth::Portable, VectorWidth::Neon, VectorWidth::Avx2, VectorWidth::Avx512];
        all.into_iter().filter(|&width| Token::of(width).is_some()).collect()
    }

    /// The widest this machine has.
    pub fn best() -> VectorWidth {
        VectorWidth::available().pop().unwrap_or(VectorWidth::Portable)
    }

    /// Its name: `portable`, `neon`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            VectorWidth::Portable => "portable",
            VectorWidth::Neon => "neon",
            VectorWidth::Avx2 => "avx2",
            VectorWidth::Avx512 => "avx512",
        }
    }
}

impl std::fmt::Display for VectorWidth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Proof that this machine has the instructions of a width.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Portable(Scalar),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
}

impl Token {
    /// `None` if this machine lacks the instructions.
    pub(super) fn of(width: VectorWidth) -> Option<Token> {
        match width {
            VectorWidth::Portable => Some(Token::Portable(Scalar::new())),
            #[cfg(target_arch = "aarch64")]
            VectorWidth::Neon => Neon::try_new().map(Token::Neon),
            #[cfg(target_arch = "x86_64")]
            VectorWidth::Avx2 => V3::try_new().map(Token::Avx2),
            #[cfg(target_arch = "x86_64")]
            VectorWidth::Avx512 => V4::try_new().map(Token::Avx512),
            _ => None,
        }
    }

    /// What every machine has, if this one lacks the instructions.
    pub(super) fn or_portable(width: VectorWidth) -> Token {
        Token::of(width).unwrap_or(Token::Portable(Scalar::new()))
    }

    /// The width it proves.
    pub(super) fn width(self) -> VectorWidth {
        match self {
            Token::Portable(_) => VectorWidth::Portable,
            #[cfg(target_arch = "aarch64")]
            Token::Neon(_) => VectorWidth::Neon,
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => VectorWidth::Avx2,
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(_) => VectorWidth::Avx512,
        }
    }
}
