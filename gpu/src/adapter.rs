//! Which graphics adapters there are, and what kind of thing each of them is.
//!
//! A driver may offer an adapter that is no graphics processor at all: Mesa's lavapipe (which calls itself `llvmpipe`)
//! and its like compute on the processor. They are good for tests and their timings say nothing about a GPU, so every
//! adapter states its [`AdapterKind`], and every figure taken on a software adapter has to carry that word.

use std::fmt;
use thiserror::Error;
use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor, InstanceFlags};
use wheatstone_sim::categorize;

/// What kind of thing an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A graphics processor with memory of its own.
    Discrete,
    /// A graphics processor that shares the processor's memory.
    Integrated,
    /// A share of a graphics processor, as virtual machines get it.
    Virtual,
    /// The driver does not say.
    Other,
    /// No graphics processor: a driver that computes on the processor.
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AdapterKind::Discrete => "discrete",
            AdapterKind::Integrated => "integrated",
            AdapterKind::Virtual => "virtual",
            AdapterKind::Other => "of unknown kind",
            AdapterKind::Software => "software",
        })
    }
}

/// Names of drivers that compute on the processor, for those that do not admit it by their device type.
const SOFTWARE: [&str; 4] = ["llvmpipe", "lavapipe", "swiftshader", "basic render driver"];

impl AdapterKind {
    fn of(device_type: DeviceType, name: &str, driver: &str) -> AdapterKind {
        let said = format!("{name} {driver}").to_lowercase();
        match device_type {
            _ if SOFTWARE.iter().any(|software| said.contains(software)) => AdapterKind::Software,
            DeviceType::Cpu => AdapterKind::Software,
            DeviceType::DiscreteGpu => AdapterKind::Discrete,
            DeviceType::IntegratedGpu => AdapterKind::Integrated,
            DeviceType::VirtualGpu => AdapterKind::Virtual,
            DeviceType::Other => AdapterKind::Other,
        }
    }
}

/// A graphics adapter, not opened yet.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub(crate) adapter: wgpu::Adapter,
    name: String,
    backend: &'static str,
    driver: String,
    kind: AdapterKind,
}

/// No adapter that could be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdapterError {
    /// There is none at all.
    #[error(
        "no graphics adapter found through Vulkan, Metal or DirectX 12; install the driver of your graphics processor, or, \
         to try without one, a software adapter (on Debian and Ubuntu: apt-get install libvulkan1 mesa-vulkan-drivers)"
    )]
    None,
    /// None has that name.
    #[error("no graphics adapter has \"{wish}\" in its name; there are: {}", there.join(", "))]
    Unknown {
        /// What was asked for.
        wish: String,
        /// The names of those there are.
        there: Vec<String>,
    },
}

categorize! {
    AdapterError {
        NoDevice: None;
        BadInput: Unknown;
    }
}

/// All adapters, graphics processors before software, discrete ones first; at least one.
///
/// # Errors
/// [`AdapterError::None`] where there is none, for example because no Vulkan loader is installed.
pub fn adapters() -> Result<Vec<Adapter>, AdapterError> {
    let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let instance = Instance::new(InstanceDescriptor {
        backends,
        // Validation is for those who write shaders, and slows what is measured.
        flags: InstanceFlags::empty(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(backends));
    let mut adapters: Vec<Adapter> = found.into_iter().map(Adapter::new).collect();
    adapters.sort_by_key(Adapter::kind);
    if adapters.is_empty() { Err(AdapterError::None) } else { Ok(adapters) }
}

/// The first of [`adapters`] with `wish` in its name, upper and lower case alike; the first of all for an empty wish.
///
/// # Errors
/// [`AdapterError`] where there is none, or none of that name.
pub fn adapter_named(wish: &str) -> Result<Adapter, AdapterError> {
    let mut adapters = adapters()?;
    let wanted = wish.to_lowercase();
    match adapters.iter().position(|adapter| adapter.name.to_lowercase().contains(&wanted)) {
        Some(index) => Ok(adapters.swap_remove(index)),
        None => Err(AdapterError::Unknown {
            wish: wish.to_owned(),
            there: adapters.into_iter().map(|adapter| adapter.name).collect(),
        }),
    }
}

impl Adapter {
    fn new(adapter: wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let kind = AdapterKind::of(info.device_type, &info.name, &info.driver);
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        Adapter { adapter, name: info.name, backend: info.backend.to_str(), driver, kind }
    }

    /// What the driver calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The interface it is reached through: `vulkan`, `metal` or `dx12`.
    pub fn backend(&self) -> &'static str {
        self.backend
    }

    /// The driver with its version, empty where the interface does not tell.
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> AdapterKind {
        self.kind
    }

    /// Whether it is no graphics processor.
    pub fn is_software(&self) -> bool {
        self.kind == AdapterKind::Software
    }

    /// Bytes of workgroup memory a kernel may use; 16,384 at least by the standard.
    pub fn workgroup_memory(&self) -> u32 {
        self.adapter.limits().max_compute_workgroup_storage_size
    }
}

/// In one line, with its kind: `llvmpipe (LLVM 15.0.6, 256 bits), software, vulkan, llvmpipe Mesa 22.3.6`.
impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.name, self.kind, self.backend)?;
        if self.driver.is_empty() { Ok(()) } else { write!(f, ", {}", self.driver) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_told_from_hardware() {
        for (device_type, name, driver, kind) in [
            (DeviceType::Cpu, "llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe", AdapterKind::Software),
            (DeviceType::Other, "SwiftShader Device (Subzero)", "", AdapterKind::Software),
            (DeviceType::VirtualGpu, "Microsoft Basic Render Driver", "", AdapterKind::Software),
            (DeviceType::Cpu, "anything", "", AdapterKind::Software),
            (DeviceType::DiscreteGpu, "NVIDIA H100 PCIe", "NVIDIA", AdapterKind::Discrete),
            (DeviceType::IntegratedGpu, "Apple M2", "", AdapterKind::Integrated),
            (DeviceType::VirtualGpu, "Virtio-GPU Venus", "venus", AdapterKind::Virtual),
            (DeviceType::Other, "something", "", AdapterKind::Other),
        ] {
            assert_eq!(AdapterKind::of(device_type, name, driver), kind, "{name}");
        }
    }

    #[test]
    fn hardware_comes_before_software() {
        let mut kinds =
            [AdapterKind::Software, AdapterKind::Other, AdapterKind::Integrated, AdapterKind::Discrete];
        kinds.sort();
        assert_eq!(kinds[0], AdapterKind::Discrete);
        assert_eq!(kinds[3], AdapterKind::Software);
    }

    #[test]
    fn errors_say_what_to_do() {
        let text = AdapterError::None.to_string();
        assert!(
            text.contains("mesa-vulkan-drivers") && text.contains("driver of your graphics processor"),
            "{text}"
        );
        let unknown = AdapterError::Unknown { wish: "H100".into(), there: vec!["a".into(), "b".into()] };
        assert_eq!(unknown.to_string(), "no graphics adapter has \"H100\" in its name; there are: a, b");
    }
}
