// Sends the score that the mail's link chose, once a person sees the page; what scans mails does not look, or says what it is.
(() => {
  const send = () => {
    if (document.visibilityState == "visible" && !navigator.webdriver) document.forms[0].submit();
  };
  addEventListener("visibilitychange", send);
  send();
})();
