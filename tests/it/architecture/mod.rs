//! The architecture, held by reading the source: who may import whom, where a dependency may be
//! named, what keeps a file readable, and that the written contracts tell what the code does.

#[cfg(test)]
mod contracts;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod references;
#[cfg(test)]
mod source;
#[cfg(test)]
mod style;
