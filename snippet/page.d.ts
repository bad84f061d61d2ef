// What the snippet finds or leaves on a shop's page, for the type check of these files alone.

interface Window {
  kr?: any;
  [dataLayer: string]: any;
}

interface Navigator {
  globalPrivacyControl?: boolean;
}
