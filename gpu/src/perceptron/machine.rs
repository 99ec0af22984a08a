//! What a perceptron runs on.

use super::Examples;
use crate::Adapter;
use crate::device::{Device, DeviceError};
use burn::tensor::wgpu::{WgpuInitError, WgpuSetup};
use burn::tensor::{Element, Int, Tensor, TensorData};
use std::fmt;
use thiserror::Error;
use wgpu::Features;
use wheatstone_sim::categorize;

/// The processor or a graphics adapter, as burn sees it.
#[derive(Clone, Debug)]
pub struct Machine {
    device: burn::tensor::Device,
    name: String,
}

/// A machine that does not do what it should.
#[derive(Debug, Error)]
pub enum MachineError {
    /// The adapter could not be opened.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The adapter is open, and burn cannot use it.
    #[error("burn cannot use the adapter {adapter}: {source}; choose another adapter, or the processor")]
    Burn {
        /// Its name.
        adapter: String,
        /// What burn said.
        source: WgpuInitError,
    },
    /// It failed while it worked.
    #[error("{machine} failed: {why}; try a smaller batch, or another adapter")]
    Failed {
        /// Its name.
        machine: String,
        /// What burn said.
        why: String,
    },
}

categorize! {
    MachineError {
        inner: Device;
        Failed: Burn, Failed;
    }
}

impl Machine {
    /// The processor: burn's own backend for it (`flex`), on all cores.
    pub fn processor() -> Machine {
        Machine { device: burn::tensor::Device::flex(), name: "processor (burn-flex)".to_owned() }
    }

    /// A graphics adapter, through wgpu. Every call opens it anew; clone a machine to share it.
    ///
    /// # Errors
    /// [`MachineError`] if it cannot be opened.
    pub fn adapter(adapter: &Adapter) -> Result<Machine, MachineError> {
        // All that is stable: burn chooses its kernels by what an adapter can do.
        let wanted = Features::all() - Features::MAPPABLE_PRIMARY_BUFFERS - Features::all_experimental_mask();
        let Device { device, queue } = Device::open(adapter, wanted)?;
        let setup = WgpuSetup {
            instance: adapter.instance.clone(),
            adapter: adapter.adapter.clone(),
            backend: adapter.adapter.get_info().backend,
            device,
            queue,
        };
        let device = burn::tensor::Device::wgpu_options()
            .setup(setup)
            .init()
            .map_err(|source| MachineError::Burn { adapter: adapter.name().to_owned(), source })?;
        Ok(Machine { device, name: adapter.to_string() })
    }

    /// What it is called, a software adapter with that word.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tensors on it remember how they came about.
    pub(super) fn learning(&self) -> burn::tensor::Device {
        self.device.clone().autodiff()
    }

    /// Tensors on it do not.
    pub(super) fn answering(&self) -> burn::tensor::Device {
        self.device.clone()
    }

    /// Waits until it is idle.
    pub(super) fn wait(&self) -> Result<(), MachineError> {
        self.device.sync().map_err(|error| self.failed(&error))
    }

    /// The numbers of a tensor that was read, row by row.
    pub(super) fn numbers<E: Element>(
        &self,
        data: Result<TensorData, impl fmt::Display>,
    ) -> Result<Vec<E>, MachineError> {
        let data = data.map_err(|error| self.failed(&error))?;
        Ok(data.iter::<E>().collect())
    }

    fn failed(&self, error: &dyn fmt::Display) -> MachineError {
        MachineError::Failed { machine: self.name.clone(), why: error.to_string() }
    }
}

/// Examples as tensors.
pub(super) fn load(examples: &Examples, device: &burn::tensor::Device) -> (Tensor<2>, Tensor<1, Int>) {
    let classes: Vec<i32> = examples.class_numbers().collect();
    let shape = [examples.len(), examples.features()];
    (
        Tensor::from_data(TensorData::new(examples.values().to_vec(), shape), device),
        Tensor::from_data(TensorData::new(classes, [examples.len()]), device),
    )
}
