/* Tells when the place for a banner comes into view: once for each page. Those who are held out have an empty place
   there, which counts alike, so that the two can be compared. */
(() => {
    const place = document.getElementById("o2c-offer");
    const watch = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
            watch.disconnect();
            navigator.sendBeacon(place.dataset.seen);
        }
    });
    watch.observe(place.querySelector(".o2c-banner-label") || place);
})();
