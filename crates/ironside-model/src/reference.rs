//! The ids that client code knows server code by, and the other way round.
//!
//! Both are hashes of where something stands in the source, so that they are equal on every machine and survive builds
//! in which nothing about it changed. They are no secrets: what may be called is said by the manifest, and captured values
//! are sealed.

use crate::manifest::{ActionId, ClientId};
use sha2::{Digest, Sha256};

/// What a server function declares to take. Clients send no argument that isn't declared (Next behaviour 1.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parameters {
    /// So many, a sealed list of captured values included.
    Declared {
        /// How many before a rest parameter.
        count: usize,
        /// Whether there is a rest parameter.
        rest: bool,
    },
    /// It isn't a function literal, so it may take anything.
    Unknown,
}

impl Parameters {
    /// The first byte of an action's id: bit 7 tells cached functions from actions and is never set here, bits 6 to 1 are
    /// the first six parameters, bit 0 stands for more (Next behaviour 1.16).
    #[must_use]
    pub fn info_byte(self) -> u8 {
        match self {
            Self::Declared {
                count: count @ 0..=6,
                rest: false,
            } => !(0x7f_u8 >> count) & 0x7e,
            Self::Declared { .. } | Self::Unknown => 0x7f,
        }
    }
}

/// The id of a client file.
#[must_use]
pub fn client_id(file_key: &str) -> ClientId {
    hex(&Sha256::digest(file_key.as_bytes())[..8])
}

/// The id of a server function. `name` is the export's name, or for inline actions whatever tells one from the other
/// inside of the file.
#[must_use]
pub fn action_id(file_key: &str, name: &str, parameters: Parameters) -> ActionId {
    let digest = Sha256::new()
        .chain_update(file_key)
        .chain_update(":")
        .chain_update(name)
        .finalize();
    hex(&[parameters.info_byte()]) + &hex(&digest[..20])
}

/// The id of a cached function. It looks like an action's, but for the bit that tells the two apart (Next behaviour 1.16).
#[must_use]
pub fn cached_id(file_key: &str, name: &str, parameters: Parameters) -> ActionId {
    let id = action_id(file_key, name, parameters);
    hex(&[parameters.info_byte() | 0x80]) + &id[2..]
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells_the_parameters() {
        let byte = |count, rest| Parameters::Declared { count, rest }.info_byte();
        let plain: Vec<u8> = (0..8).map(|count| byte(count, false)).collect();
        assert_eq!(plain, [0x00, 0x40, 0x60, 0x70, 0x78, 0x7c, 0x7e, 0x7f]);
        assert_eq!(byte(0, true), 0x7f);
        assert_eq!(Parameters::Unknown.info_byte(), 0x7f);
    }

    #[test]
    fn ids_have_the_form_that_clients_expect_and_depend_on_file_and_name() {
        let one = Parameters::Declared { count: 1, rest: false };
        let id = action_id("app/actions.ts", "save", one);
        assert_eq!(id.len(), 42);
        assert!(id.starts_with("40") && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
        assert_ne!(id, action_id("app/actions.ts", "load", one));
        assert_ne!(id, action_id("app/other.ts", "save", one));
        assert_eq!(id, action_id("app/actions.ts", "save", one));
        assert_eq!(cached_id("app/actions.ts", "save", one), format!("c0{}", &id[2..]));
        assert_eq!(client_id("app/button.tsx").len(), 16);
        assert_ne!(client_id("app/button.tsx"), client_id("app/field.tsx"));
    }
}
