//! Interfaces in memory refuse what real ones refuse.

use roadstead_network::{Net, NetError, NetworkNamespace, SimulatedNet};

use crate::host::eni;

#[tokio::test]
async fn an_interface_in_memory_comes_and_goes() {
    let net = SimulatedNet::new();
    let spec = eni(1, [10, 9, 1, 20]);
    let attached = net.attach(spec.clone(), NetworkNamespace::Process(1)).await.unwrap();
    assert_eq!(net.list().await, Ok(vec![attached]));
    assert_eq!(net.spec(&spec.id), Some(spec.clone()));
    let taken = net.attach(eni(2, [10, 9, 1, 20]), NetworkNamespace::Process(2)).await;
    assert_eq!(taken, Err(NetError::AddressInUse(spec.address)));
    for _ in 0..2 {
        net.detach(&spec.id).await.unwrap();
    }
    assert_eq!(net.list().await, Ok(vec![]));
}

#[tokio::test]
async fn an_interface_in_memory_can_be_refused() {
    let net = SimulatedNet::new();
    let refusal = NetError::NotPermitted("making a pair of interfaces".to_owned());
    net.refuse(Some(refusal.clone()));
    let spec = eni(1, [10, 9, 1, 20]);
    assert_eq!(
        net.attach(spec.clone(), NetworkNamespace::Process(1)).await,
        Err(refusal)
    );
    net.refuse(None);
    net.attach(spec, NetworkNamespace::Process(1)).await.unwrap();
}
