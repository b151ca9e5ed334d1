/* Tells the sender that a person looked at the page: after a gesture, so that scanners of mail do not count. */
(() => {
    const { address } = document.currentScript.dataset;
    const gestures = ["pointerdown", "keydown", "touchstart"];
    const seen = () => {
        gestures.forEach((gesture) => window.removeEventListener(gesture, seen));
        try {
            if (!sessionStorage.getItem(address)) {
                sessionStorage.setItem(address, "1");
                navigator.sendBeacon(`${address}/seen`);
            }
        } catch {
            // a browser that keeps nothing is not counted
        }
    };
    gestures.forEach((gesture) => window.addEventListener(gesture, seen, { passive: true }));
})();
