//! Networks of the engine with a block of our choice, for hosts on which tasks cannot be given interfaces otherwise.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use bollard::models::{
    EndpointIpamConfig, EndpointSettings, Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest,
    NetworkDisconnectRequest, NetworkInspect,
};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};

use super::{Docker, error};
use crate::spec::ContainerId;
use crate::{OWNER_LABEL, RuntimeError};

/// The network that a container without one is in, in the engine's words.
const NONE: &str = "none";

/// A network of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineNetwork {
    /// Its name.
    pub name: String,
    /// Its members and their addresses.
    pub members: Vec<(ContainerId, Ipv4Addr)>,
}

/// How a container is in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its hardware address, in as far as the engine can be told.
    pub mac: String,
}

impl Docker {
    /// Makes a network of this installation, unless it is there.
    ///
    /// Errors: [`RuntimeError::NameInUse`] when another's has the name; what the engine says when the block, such as
    /// `10.0.0.0/16`, overlaps another network's.
    pub async fn ensure_network(&self, name: &str, block: &str, gateway: Ipv4Addr) -> Result<(), RuntimeError> {
        match self.find_network(name).await? {
            Some(_) => return Ok(()),
            None => tracing::debug!(name, block, "making a network"),
        }
        let pool = IpamConfig {
            subnet: Some(block.to_owned()),
            gateway: Some(gateway.to_string()),
            ..IpamConfig::default()
        };
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam {
                config: Some(vec![pool]),
                ..Ipam::default()
            }),
            labels: Some(HashMap::from([(OWNER_LABEL.to_owned(), self.inner.owner.clone())])),
            ..NetworkCreateRequest::default()
        };
        let made = self.client_for(name).await?.create_network(request).await;
        made.map(|_| ()).map_err(|error| error::of_container(name, &error))
    }

    /// Puts a container of this installation that has no network yet into one.
    pub async fn join_network(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: Endpoint,
    ) -> Result<(), RuntimeError> {
        let seen = self.look(container).await?;
        let networks = seen
            .network_settings
            .and_then(|settings| settings.networks)
            .unwrap_or_default();
        let client = self.client_for(&container.0).await?;
        let failed = |error: &bollard::errors::Error| error::of_container(&container.0, error);
        // The engine takes a container into no other network as long as it is in this one.
        for other in networks.keys().filter(|name| *name == NONE || *name == network) {
            let request = NetworkDisconnectRequest {
                container: container.0.clone(),
                force: Some(true),
            };
            client
                .disconnect_network(other, request)
                .await
                .map_err(|error| failed(&error))?;
        }
        let settings = EndpointSettings {
            ipam_config: Some(EndpointIpamConfig {
                ipv4_address: Some(endpoint.address.to_string()),
                ..EndpointIpamConfig::default()
            }),
            mac_address: Some(endpoint.mac),
            ..EndpointSettings::default()
        };
        let request = NetworkConnectRequest {
            container: container.0.clone(),
            endpoint_config: Some(settings),
        };
        client
            .connect_network(network, request)
            .await
            .map_err(|error| failed(&error))
    }

    /// Takes whoever has an address in a network of this installation out of it; nobody is no error.
    pub async fn leave_network(&self, network: &str, address: Ipv4Addr) -> Result<(), RuntimeError> {
        let Some(found) = self.find_network(network).await? else {
            return Ok(());
        };
        for (container, _) in found.members.iter().filter(|(_, member)| *member == address) {
            let request = NetworkDisconnectRequest {
                container: container.0.clone(),
                force: Some(true),
            };
            match self
                .client_for(network)
                .await?
                .disconnect_network(network, request)
                .await
            {
                Err(error) if !error::is_status(&error, 404) => return Err(error::of_container(network, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes a network of this installation if nobody is in it; answers whether it is gone.
    pub async fn remove_empty_network(&self, name: &str) -> Result<bool, RuntimeError> {
        match self.find_network(name).await? {
            None => return Ok(true),
            Some(found) if !found.members.is_empty() => return Ok(false),
            Some(_) => {}
        }
        match self.client_for(name).await?.remove_network(name).await {
            Err(error) if error::is_status(&error, 404) => Ok(true),
            // Somebody came meanwhile.
            Err(error) if error::is_status(&error, 403) => Ok(false),
            done => done.map(|()| true).map_err(|error| error::of_container(name, &error)),
        }
    }

    /// The networks of this installation.
    pub async fn networks(&self) -> Result<Vec<EngineNetwork>, RuntimeError> {
        let ours = format!("{OWNER_LABEL}={}", self.inner.owner);
        let options = ListNetworksOptions {
            filters: Some(HashMap::from([("label".to_owned(), vec![ours])])),
        };
        let listed = self.client_for("networks").await?.list_networks(Some(options)).await;
        let mut found = Vec::new();
        for network in listed.map_err(|error| error::of_container("networks", &error))? {
            if let Some(name) = network.name {
                found.extend(self.find_network(&name).await?);
            }
        }
        Ok(found)
    }

    async fn find_network(&self, name: &str) -> Result<Option<EngineNetwork>, RuntimeError> {
        let client = self.client_for(name).await?;
        match client.inspect_network(name, None::<InspectNetworkOptions>).await {
            Ok(found) => {
                let owner = found.labels.as_ref().and_then(|labels| labels.get(OWNER_LABEL));
                if owner != Some(&self.inner.owner) {
                    return Err(RuntimeError::NameInUse(format!(
                        "the network {name} of the engine belongs to another installation"
                    )));
                }
                Ok(Some(network(name, &found)))
            }
            Err(error) if error::is_status(&error, 404) => Ok(None),
            Err(error) => Err(error::of_container(name, &error)),
        }
    }
}

fn network(name: &str, found: &NetworkInspect) -> EngineNetwork {
    let member = |(id, endpoint): (&String, &bollard::models::EndpointResource)| {
        let address = endpoint.ipv4_address.as_deref()?.split('/').next()?.parse().ok()?;
        Some((ContainerId(id.clone()), address))
    };
    EngineNetwork {
        name: name.to_owned(),
        members: found.containers.iter().flatten().filter_map(member).collect(),
    }
}
