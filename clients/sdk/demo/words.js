// What the shop itself says, in its two languages.
export const WORDS = {
  en: {
    shop: 'Gold Club', back: 'All pages', language: '中文', direction: 'Direction', themeName: 'Theme', intro: 'One purchase, four ways to put it into a page.',
    panelTitle: 'Panel', panelAbout: 'One element, ready to use.',
    partsTitle: 'Composed parts', partsAbout: 'The same in the shop’s own layout, paid by a QR code.',
    headlessTitle: 'Headless', headlessAbout: 'The shop’s own markup over @bmt/pay-core.',
    activityTitle: 'Activity', activityAbout: 'A page made by a JSON file alone.',
    product: 'Gold membership', benefits: 'Everything, everywhere, without waiting.',
    b1: 'The whole catalogue', b2: 'Four devices at once', b3: 'Ends by itself, no renewal',
    secure: 'A demonstration: no real money moves.', welcome: 'Your membership is active. Enjoy!',
    choose: 'Your choice', payment: 'Payment', buy: 'Buy', pay: 'Pay', cancel: 'Cancel', retry: 'Try again', again: 'Buy again', quantity: 'Quantity',
  },
  zh: {
    shop: '黄金会员', back: '全部页面', language: 'English', direction: '方向', themeName: '主题', intro: '同一笔购买，四种接入方式。',
    panelTitle: '收银面板', panelAbout: '一个元素，开箱即用。',
    partsTitle: '组合部件', partsAbout: '放进商店自己的版式，扫码支付。',
    headlessTitle: '无界面', headlessAbout: '商店自己的页面，配合 @bmt/pay-core。',
    activityTitle: '活动页', activityAbout: '只用一个 JSON 文件配置的页面。',
    product: '黄金会员', benefits: '全部内容，随处可看，无需等待。',
    b1: '完整片库', b2: '四台设备同时观看', b3: '到期自动结束，不续费',
    secure: '演示环境：不会产生真实扣款。', welcome: '会员已开通，祝您观看愉快！',
    choose: '您的选择', payment: '支付', buy: '购买', pay: '支付', cancel: '取消', retry: '重试', again: '再次购买', quantity: '数量',
  },
};
